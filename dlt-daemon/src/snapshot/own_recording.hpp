// The daemon's own flight recorder at work: what is routed and what the daemon says goes into it, who asks for
// snapshots gets one of it, too, and what a daemon that died left behind becomes snapshots.
//
// The io thread's, before and after it runs. Everything that is given outlives it, and routes nothing after it is gone.
#pragma once

#include <memory>

#include "config.hpp"
#include "session/hub.hpp"
#include "sink/recorder_sink.hpp"
#include "snapshot/recorded_lines.hpp"

namespace dlt::daemon {

class OwnRecording {
 public:
  // Does nothing without RecorderSize; where the file cannot be made this is logged, and the daemon goes on.
  OwnRecording(const Config& config, Exchange& exchange, Hub& hub);
  ~OwnRecording();
  OwnRecording(const OwnRecording&) = delete;
  OwnRecording& operator=(const OwnRecording&) = delete;

  // Also without RecorderSize: the daemon that died may have had one. A file stays until its snapshot is written.
  void take_left_over(const Config& config, Snapshots& snapshots) const;

 private:
  std::unique_ptr<OwnRecorder> recorder_;
  std::unique_ptr<RecorderSink> sink_;
  std::shared_ptr<RecordedLines> lines_;
};

}  // namespace dlt::daemon
