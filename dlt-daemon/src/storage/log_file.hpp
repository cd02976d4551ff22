// One file that is only appended to, and only in whole pieces: a piece that does not fit is taken back.
//
// Owns the descriptor; one thread's.
#pragma once

#include <cstdint>
#include <utility>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"
#include "session/fd.hpp"
#include "storage/file_calls.hpp"

namespace dlt::daemon {

class LogFile {
 public:
  // A new file in the directory that is open as `directory`; never opens one that exists. std::errc::file_exists: the
  // name is taken.
  [[nodiscard]] static Result<LogFile> create(int directory, const char* name, const FileCalls& calls);

  // Goes on behind the `size` bytes of a file that exists and was opened for writing: who does that has looked at its
  // end.
  [[nodiscard]] static LogFile resume(Fd fd, std::uint64_t size, const FileCalls& calls) noexcept {
    LogFile file(std::move(fd), calls);
    file.size_ = size;
    return file;
  }

  // All of it, or none of it and the reason; with `sync` only what the disk has confirmed counts. A part that cannot be
  // taken back makes the file torn(): the next append() tries to take it back first.
  std::error_code append(proto::Bytes bytes, bool sync = false) noexcept;
  // What has been appended is on the disk. After a failure nobody knows which of it is.
  std::error_code sync() noexcept;

  // There is something behind size() that should not be there.
  [[nodiscard]] bool torn() const noexcept { return torn_; }
  // Whether somebody has deleted it: what is appended then is lost with the descriptor.
  [[nodiscard]] bool is_gone() const noexcept;
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  LogFile(Fd fd, const FileCalls& calls) noexcept : fd_(std::move(fd)), calls_(&calls) {}

  std::error_code take_back() noexcept;

  Fd fd_;
  const FileCalls* calls_;
  std::uint64_t size_ = 0;
  bool torn_ = false;
};

}  // namespace dlt::daemon
