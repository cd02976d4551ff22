// Frames of one read, moved together over the headers between them into one span, so that sinks get few long ones.
//
//   DUH | frame | DUH | frame | DUH | frame         begin ---- end
//   DUH | frame frame frame          (rest)               ^ bytes up to where a frame was taken from may be written
//
// Pure; the io thread's. The slab is the reader's until the span is routed.
#pragma once

#include <cstring>

#include "route/message.hpp"

namespace dlt::daemon {

struct SpanGather {
  std::byte* begin = nullptr;
  std::byte* end = nullptr;
  std::uint32_t frames = 0;  // 0: empty
  bool stored_only = false;  // all of them; as FrameSpan has it

  void add(std::byte* frame, std::size_t size) noexcept {
    if (frame == end) [[likely]] {
      end += size;
    } else if (frames == 0) {
      begin = frame;
      end = frame + size;
    } else {
      std::memmove(end, frame, size);
      end += size;
    }
    ++frames;
  }
  [[nodiscard]] std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(end - begin); }
};

}  // namespace dlt::daemon
