#include "snapshot/recorder_ring.hpp"

#include <cstring>

#include "route/message.hpp"

namespace dlt::daemon {

void RecorderRing::record(proto::Bytes frames, std::uint32_t count) noexcept {
  const std::size_t left = open_ == nullptr ? 0 : room() - static_cast<std::uint32_t>(committed_);
  if (frames.size() <= left) return append(frames, count);
  // As many as there is room for, then the next segment: most spans are cut once at most.
  for_each_frame(frames, [this](proto::Bytes frame) {
    if (open_ == nullptr || frame.size() > room() - static_cast<std::uint32_t>(committed_)) open_next();
    append(frame, 1);
  });
}

void RecorderRing::append(proto::Bytes frames, std::uint32_t count) noexcept {
  std::memcpy(open_->data() + static_cast<std::uint32_t>(committed_), frames.data(), frames.size());
  committed_ += (std::uint64_t{count} << 32) + frames.size();
  open_->commit.store(committed_, std::memory_order_release);  // sync: Recording::read_ring
}

void RecorderRing::open_next() noexcept {
  open_ = reinterpret_cast<proto::recorder::SegmentMemory*>(memory_ + std::size_t{turn_ % segments_} * segment_size_);
  if (++turn_ == 0) ++turn_;
  open_->reopen(turn_, buffer_);
  committed_ = 0;
}

}  // namespace dlt::daemon
