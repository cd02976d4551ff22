// One file that is only appended to, and only in whole pieces: a piece that does not fit is taken back.
//
// Never opens a file that exists. Owns the descriptor; the storage thread's.
#pragma once

#include <string>

#include <sys/types.h>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"
#include "session/fd.hpp"

namespace dlt::daemon {

class LogFile {
 public:
  using Write = ssize_t (*)(int fd, const void* bytes, std::size_t size);  // ::write, or what a test puts in its place

  // std::errc::file_exists: the name is taken.
  [[nodiscard]] static Result<LogFile> create(const std::string& path, Write write);

  // All of it, or none of it and the reason. After a failure that could not be taken back the file is closed.
  std::error_code append(proto::Bytes bytes) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(fd_); }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  LogFile(Fd fd, Write write) noexcept : fd_(std::move(fd)), write_(write) {}

  Fd fd_;
  Write write_;
  std::uint64_t size_ = 0;
};

}  // namespace dlt::daemon
