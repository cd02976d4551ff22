// The stored files of one directory: the newest is appended to, the next begins when it is full, the oldest are
// deleted.
//
// What goes wrong is answered so that trying again is always safe:
//
//   no room, quota used up    the file stays, the next piece may fit
//   anything else, no memory  the file is left, the directory looked at again: it may have been replaced, mounted
//   a piece is torn           taking it back is tried again a few times first: elsewhere it would be stored twice
//
// A file that got nothing is deleted again, so that a disk that fails for long does not push out what is stored. A file
// that somebody deletes while it is written is followed by a new one. Owns directory and file; the storage thread's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "session/fd.hpp"
#include "storage/log_file.hpp"
#include "storage/retention.hpp"

namespace dlt::daemon {

class FileSeries {
 public:
  struct Options {
    std::string directory;
    bool compressed = true;  // says the names only
    std::uint64_t file_size = 16 << 20;
    Retention::Limits keep{1 << 30, 1000};
    bool durable = false;                // the names of files survive a power cut as well
    FileCalls calls = kernel_calls();    // or what a test puts in their place
    std::int64_t (*unix_s)() = nullptr;  // nullptr: the clock
  };

  explicit FileSeries(Options options);

  // All of it in one file, or none of it and problem(). With `sync` it is on the disk then. A piece that could neither
  // be finished nor, in `take_backs` tries, be taken back is torn at the end of its file.
  [[nodiscard]] bool append(proto::Bytes bytes, bool sync) noexcept;
  // What has been appended is on the disk. False: nobody knows which of it is, and the next file begins.
  [[nodiscard]] bool sync() noexcept;

  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }  // of the last failure
  [[nodiscard]] const std::string& path() const noexcept { return path_; }        // of the newest file
  [[nodiscard]] std::size_t files() const noexcept { return retention_.files(); }

 private:
  static constexpr int take_backs = 5;  // in about three seconds, as the writer retries

  [[nodiscard]] bool begin_file() noexcept;
  [[nodiscard]] bool try_begin_file();
  [[nodiscard]] bool open();
  void scan();
  void make_room();
  void leave_file() noexcept;
  bool failed(std::error_code error) noexcept;

  const Options options_;
  Retention retention_;
  Fd directory_;
  std::optional<LogFile> file_;
  std::string name_;  // of file_
  std::string path_;
  std::string problem_;
  int torn_ = 0;  // failures in a row that left a torn piece
};

}  // namespace dlt::daemon
