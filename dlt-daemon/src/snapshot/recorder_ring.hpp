// One ring of a flight recorder of the daemon's own: the newest frames, in mapped memory that who comes later reads.
//
//   [ segment 7 | segment 8 (open) | segment 0 | ... ]     proto/FORMAT.md section 7
//                   frame frame ...^  ^ overwritten next
//
// One thread at a time. The memory is that of a file whose blocks exist: writing never fails.
#pragma once

#include <cstdint>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/recorder_memory.hpp"

namespace dlt::daemon {

class RecorderRing {
 public:
  // `memory`: segments * segment_size bytes, aligned to 64.
  RecorderRing(std::byte* memory, std::uint32_t segments, std::uint32_t segment_size, std::uint32_t buffer) noexcept
      : memory_(memory), segments_(segments), segment_size_(segment_size), buffer_(buffer) {}

  // Whole frames, each no longer than a segment has room for. They count from the moment that this returns.
  void record(proto::Bytes frames, std::uint32_t count) noexcept;

 private:
  [[nodiscard]] std::uint32_t room() const noexcept {
    return segment_size_ - static_cast<std::uint32_t>(proto::recorder::segment_header_size);
  }
  void append(proto::Bytes frames, std::uint32_t count) noexcept;
  void open_next() noexcept;

  std::byte* const memory_;
  const std::uint32_t segments_;
  const std::uint32_t segment_size_;
  const std::uint32_t buffer_;
  std::uint32_t turn_ = 0;  // number of the open segment
  std::uint64_t committed_ = 0;
  proto::recorder::SegmentMemory* open_ = nullptr;
};

}  // namespace dlt::daemon
