#include "snapshot/own_recording.hpp"

#include <spdlog/spdlog.h>

#include "clocks.hpp"
#include "logging.hpp"

namespace dlt::daemon {

OwnRecording::OwnRecording(const Config& c, Exchange& exchange, Hub& hub) {
  if (c.recorder_size == 0) return;
  std::string problem;
  recorder_ = OwnRecorder::open({c.app_socket, c.recorder_size, c.recorder_messages, unix_us()}, problem);
  if (!recorder_) {
    spdlog::error("no flight recorder of the daemon: {}", problem);
    return;
  }
  sink_ = std::make_unique<RecorderSink>(*recorder_);
  exchange.router.add_storage(*sink_);
  hub.add_recorded(recorder_->recorded());
  lines_ = std::make_shared<RecordedLines>(*recorder_, c.ecu);
  attach_lines(lines_);
}

OwnRecording::~OwnRecording() {
  if (lines_) detach_lines(lines_);
}

void OwnRecording::take_left_over(const Config& c, Snapshots& snapshots) const {
  if (!snapshots.enabled()) return;
  const std::string_view own = recorder_ ? std::string_view(recorder_->file()) : std::string_view();
  for (const auto& [file, of] : OwnRecorder::left_over(c.app_socket, own)) {
    spdlog::warn("a daemon ({}) died; {} is its flight recorder", of.pid, file);
    snapshots.take(of, "crash: died", [file = file](const SnapshotResult& result) {
      if (result.status == SnapshotResult::Status::written) OwnRecorder::remove(file);
    });
  }
}

}  // namespace dlt::daemon
