// Hands messages to the storage thread, as long as it keeps up.
//
// The io thread's end of a Writer: its queue is bounded by Hold; what does not fit, or has no memory for its place
// there, is dropped and counted here.
#pragma once

#include "route/hold.hpp"
#include "route/sink.hpp"
#include "storage/writer.hpp"

namespace dlt::daemon {

class StorageSink : public Sink {
 public:
  StorageSink(Writer::Options options, Hold::Limits limits) : writer_(std::move(options)), hold_(limits) {}

  void accept(const FrameSpan& span, Clock::time_point now) override;
  void push() override {}  // the writer is awake already
  [[nodiscard]] bool holds_back(Clock::time_point now) noexcept override;
  [[nodiscard]] std::uint64_t settled() const noexcept override;
  // Writes what is queued; nothing may be accepted after it.
  void stop() {
    writer_.stop();
    look_at_queue();
  }

  [[nodiscard]] StorageStatus status() const;

 private:
  void look_at_queue() noexcept;

  Writer writer_;
  Hold hold_;
  std::uint64_t pushed_ = 0;  // `routed` of the last span
  Volume dropped_;
  std::uint64_t dropping_ = 0;  // messages dropped since the queue was empty
};

}  // namespace dlt::daemon
