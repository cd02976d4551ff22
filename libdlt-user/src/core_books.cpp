// The part of Core that adds up its books; any thread, but for on_too_long, which is the uplink's.
#include <algorithm>

#include "core.hpp"

namespace dlt::detail {

void Core::on_too_long(std::uint32_t buffer, const Oversized& those) noexcept {
  TooLong& t = too_long_[buffer];
  bump(t.bytes, those.bytes);
  t.frames.store(t.frames.load(std::memory_order_relaxed) + those.frames, std::memory_order_release);  // sync: too-long
}

std::array<Oversized, Options::max_buffers> Core::too_long_now() const noexcept {
  std::array<Oversized, Options::max_buffers> now{};
  for (std::uint32_t i = 0; i < buffer_count_; ++i) {
    now[i].frames = too_long_[i].frames.load(std::memory_order_acquire);  // sync: too-long, after they were delivered
    now[i].bytes = too_long_[i].bytes.load(std::memory_order_relaxed);
  }
  return now;
}

Stats Core::stats() const {
  const std::lock_guard lock(mutex_);
  return stats_unlocked();
}

Stats Core::stats_unlocked() const {
  Stats all;
  all.buffers.resize(buffer_count_);
  for (std::uint32_t i = 0; i < buffer_count_; ++i) all.buffers[i].options = buffers_[i].options();
  const auto too_long = too_long_now();  // before the queues: so it is never more than they say
  queues_.for_each([&all](const ThreadQueue& q) { q.add_to(all.buffers[q.buffer()]); });
  // Messages of threads for which there was no queue at all are booked in the last buffer.
  BufferStats& last = all.buffers.back();
  const std::uint64_t homeless = homeless_->full.load(std::memory_order_relaxed);
  const std::uint64_t nested = homeless_->nested.load(std::memory_order_relaxed);
  last.accepted += homeless + nested;
  last.dropped.full += homeless;
  last.dropped.nested += nested;
  for (std::uint32_t i = 0; i < buffer_count_; ++i) {
    all.buffers[i].delivered -= too_long[i].frames;
    all.buffers[i].delivered_bytes -= too_long[i].bytes;
    all.buffers[i].dropped.too_large += too_long[i].frames;
  }
  for (const BufferStats& b : all.buffers) {
    all.accepted += b.accepted;
    all.accepted_bytes += b.accepted_bytes;
    all.delivered += b.delivered;
    all.delivered_bytes += b.delivered_bytes;
    all.queued += b.queued;
    all.high_water = std::max(all.high_water, b.high_water);
    all.dropped += b.dropped;
  }
  if (uplink_ != nullptr) {
    all.writes = uplink_->writes();
    all.connects = uplink_->connects();
  }
  all.unrecorded = recorder_.missed();
  for (const Doorbell& d : doorbells_) all.wakes += d.rings();
  return all;
}

}  // namespace dlt::detail
