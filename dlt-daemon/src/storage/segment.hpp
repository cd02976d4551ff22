// A run of messages on its way into a file: storage headers and frames, back to back, whole ones only.
//
//   "DLT\1" seconds microseconds ECU | frame | "DLT\1" ... | frame | ...        at most `capacity` bytes
//
// The unit of compression and of writing: what is written or lost at once. Pure; the storage thread's.
#pragma once

#include <memory>

#include "dlt/proto/ids.hpp"
#include "route/message.hpp"
#include "route/sink.hpp"

namespace dlt::daemon {

class Segment {
 public:
  static constexpr std::size_t default_capacity = 256 * 1024;

  // `capacity` holds the largest frame: >= 65535 + 16.
  // `watch_fatal`: fatal() tells of FATAL messages.
  explicit Segment(EcuId ecu, std::size_t capacity = default_capacity, bool watch_fatal = false);

  // Takes frames from the front of the span, which shrinks by them; stops when the next one does not fit.
  void take(FrameSpan& span) noexcept;
  void clear() noexcept;

  [[nodiscard]] bool empty() const noexcept { return volume_.messages == 0; }
  // A FATAL log message is in it.
  [[nodiscard]] bool fatal() const noexcept { return fatal_; }
  // True when the last take() had to leave something.
  [[nodiscard]] bool full() const noexcept { return full_; }
  [[nodiscard]] proto::Bytes bytes() const noexcept { return {memory_.get(), size_}; }
  [[nodiscard]] Volume volume() const noexcept { return volume_; }  // without the storage headers

 private:
  const std::uint32_t ecu_;
  const std::size_t capacity_;
  const bool watch_fatal_;
  std::unique_ptr<std::byte[]> memory_;
  std::size_t size_ = 0;
  Volume volume_;
  bool full_ = false;
  bool fatal_ = false;
};

}  // namespace dlt::daemon
