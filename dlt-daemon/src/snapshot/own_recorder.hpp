// The daemon's own flight recorder: what it received last, and its own words down to debug, in a file that outlives it.
//
//   <application socket>.recorder-<start, Unix µs>      on the tmpfs where the socket is: gone with a power cut
//     ring 0: frames of every application, as they were routed        ring 1: lines of the daemon's log, as DLTD DLTD
//
// A daemon that ends in order removes it. One that finds such a file has taken over from one that died: left_over()
// are these, and remove() is called when a snapshot of it is written. The file belongs to root or to this process's
// user and has one name, or it is not looked at.
//
// The constructor, left_over, remove, the destructor: before the daemon serves, and after; record: the io thread;
// record_line: any thread, one at a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/recorder_ring.hpp"
#include "snapshot/snapshot_job.hpp"

namespace dlt::daemon {

class OwnRecorder {
 public:
  struct Options {
    std::string path;            // of files: that of the application socket, ".recorder-" and a number are added
    std::uint64_t bytes = 0;     // of each ring, within recorder_limits.hpp
    std::uint64_t messages = 0;  // of each ring in a snapshot; 0: all
    std::int64_t now_us = 0;     // Unix time
  };
  struct LeftOver {
    std::string path;
    Recorded of;
  };

  static constexpr AppId app{"DLTD"};

  // Nothing and `problem`: the file cannot be made, or there is no room for it.
  [[nodiscard]] static std::unique_ptr<OwnRecorder> open(const Options& options, std::string& problem);
  // Of daemons that died, so without this one's `own`; the oldest first. Files that make no sense, beyond
  // `most_left_over`, or of a daemon that ended in order but could not remove its file, are removed.
  [[nodiscard]] static std::vector<LeftOver> left_over(const std::string& path, std::string_view own = {});
  static void remove(const std::string& file) noexcept;

  ~OwnRecorder();
  OwnRecorder(const OwnRecorder&) = delete;
  OwnRecorder& operator=(const OwnRecorder&) = delete;

  void record(proto::Bytes frames, std::uint32_t count) noexcept { received_.record(frames, count); }
  void record_line(proto::Bytes frame) noexcept { lines_.record(frame, 1); }
  [[nodiscard]] const Recorded& recorded() const noexcept { return recorded_; }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

  static constexpr std::size_t most_left_over = 8;

 private:
  OwnRecorder(std::string file, std::byte* memory, std::uint32_t segment, Recorded recorded) noexcept;

  const std::string file_;
  std::byte* const memory_;
  const Recorded recorded_;
  RecorderRing received_;
  RecorderRing lines_;
};

}  // namespace dlt::daemon
