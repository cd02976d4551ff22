// A zstd frame that is too large to be unpacked at once, unpacked block by block.
//
// Memory: the frame's window, at most 8 MiB; a frame that wants more (zstd --ultra, --long) counts as damaged. Pure,
// one thread.
#pragma once

#include <memory>
#include <span>

#include "dlt/proto/bytes.hpp"

namespace dlt::daemon {

class LargeFrame {
 public:
  LargeFrame();
  ~LargeFrame();
  LargeFrame(const LargeFrame&) = delete;
  LargeFrame& operator=(const LargeFrame&) = delete;

  struct Step {
    std::size_t packed = 0;  // bytes that were taken
    std::size_t plain = 0;   // bytes that they make
    std::size_t vain = 0;    // of those that were taken: the last ones, which make nothing yet
    bool ended = false;      // the frame, with all that it promised
    bool damaged = false;    // what follows is no part of a good frame
  };

  // At the magic of a frame.
  void begin() noexcept;
  // Until `plain` is full, the frame ends, or there are no more bytes.
  [[nodiscard]] Step go_on(proto::Bytes packed, std::span<std::byte> plain) noexcept;

 private:
  struct Context;

  std::unique_ptr<Context> context_;
  std::size_t wanted_ = 0;  // bytes of the next block
};

}  // namespace dlt::daemon
