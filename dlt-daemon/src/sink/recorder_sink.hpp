// Records what is routed, for the daemon's own flight recorder. It never holds anybody back. The io thread's.
#pragma once

#include "route/sink.hpp"
#include "snapshot/own_recorder.hpp"

namespace dlt::daemon {

class RecorderSink : public Sink {
 public:
  explicit RecorderSink(OwnRecorder& recorder) noexcept : recorder_(recorder) {}

  void accept(const FrameSpan& span, Clock::time_point) override { recorder_.record(span.bytes(), span.frames); }
  void push() override {}
  [[nodiscard]] bool holds_back(Clock::time_point) noexcept override { return false; }
  [[nodiscard]] std::uint64_t settled() const noexcept override { return all_settled; }

 private:
  OwnRecorder& recorder_;
};

}  // namespace dlt::daemon
