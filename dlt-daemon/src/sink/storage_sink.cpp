#include "sink/storage_sink.hpp"

#include <spdlog/spdlog.h>

namespace dlt::daemon {

void StorageSink::accept(const FrameSpan& span, Clock::time_point now) {
  if (span.own) return;
  look_at_queue();
  if (hold_.admit(writer_.queued_bytes(), span.size, now) && writer_.push(span)) {
    pushed_ = span.routed;
    return;
  }
  dropped_.add(span);
  dropping_ += span.frames;
}

bool StorageSink::holds_back(Clock::time_point now) noexcept {
  look_at_queue();
  hold_.tick(now);
  return hold_.state() == Hold::State::holding;
}

std::uint64_t StorageSink::settled() const noexcept {
  const std::uint64_t written = writer_.settled();
  return written == pushed_ || hold_.state() == Hold::State::dropping ? all_settled : written;
}

void StorageSink::look_at_queue() noexcept {
  const std::size_t queued = writer_.queued_bytes();
  hold_.drained(queued);
  if (queued > 0 || dropping_ == 0) return;
  spdlog::warn("storage was too slow, or had no memory: {} messages are not stored", std::exchange(dropping_, 0));
}

StorageStatus StorageSink::status() const {
  StorageStatus status = writer_.status();
  status.dropped.messages += dropped_.messages;
  status.dropped.bytes += dropped_.bytes;
  return status;
}

}  // namespace dlt::daemon
