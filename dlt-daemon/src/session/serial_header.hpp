// Puts the serial header ("DLS" 01) before each frame, for clients that want to find their place in a stream again.
//
//   frame frame ...  ->  DLS frame DLS frame ...     in slabs of its own
//
// Only where it is configured: it copies every message for every client. Pure; the io thread's.
#pragma once

#include <cstring>
#include <vector>

#include "route/message.hpp"

namespace dlt::daemon {

class SerialHeader {
 public:
  static constexpr std::size_t size = 4;
  static constexpr char bytes[size + 1] = "DLS\x01";

  explicit SerialHeader(Pool& pool) noexcept : pool_(pool) {}

  // One span where everything fits into the present slab, else several. Source and place in the stream stay.
  [[nodiscard]] std::vector<FrameSpan> before_each(const FrameSpan& span) {
    std::vector<FrameSpan> out;
    for_each_frame(span.bytes(), [&](proto::Bytes frame) {
      const std::size_t needed = size + frame.size();
      const bool fresh = !slab_ || slab_.get()->memory().size() - used_ < needed;
      if (fresh) {
        slab_ = pool_.take();
        used_ = 0;
      }
      std::byte* const at = slab_.get()->memory().data() + used_;
      std::memcpy(at, bytes, size);
      std::memcpy(at + size, frame.data(), frame.size());
      used_ += needed;
      if (fresh || out.empty()) {
        out.push_back(span);
        out.back().slab = slab_;
        out.back().data = at;
        out.back().size = out.back().frames = 0;
      }
      out.back().size += static_cast<std::uint32_t>(needed);
      ++out.back().frames;
    });
    return out;
  }

 private:
  Pool& pool_;
  SlabRef slab_;
  std::size_t used_ = 0;
};

}  // namespace dlt::daemon
