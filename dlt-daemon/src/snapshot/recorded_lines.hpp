// The daemon's own log as messages in its flight recorder: DLTD DLTD, with levels as DLT has them. Any thread.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>

#include "dlt/proto/ids.hpp"
#include "snapshot/own_recorder.hpp"

namespace dlt::daemon {

class RecordedLines : public spdlog::sinks::base_sink<std::mutex> {
 public:
  RecordedLines(OwnRecorder& recorder, EcuId ecu) : recorder_(recorder), ecu_(ecu) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& line) override;
  void flush_() override {}

 private:
  OwnRecorder& recorder_;
  const EcuId ecu_;
};

}  // namespace dlt::daemon
