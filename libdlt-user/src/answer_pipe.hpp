// The way from the incumbent's daemon to this program: the FIFO DIRECTORY/dltpipes/dlt<PID>, which the program makes
// and the daemon opens when the program registers.
//
// Made so that nobody else's file is opened, kept only while it is used, and removed at the end if the name is still
// that of this FIFO. What processes of this user have left there that died is removed too: a FIFO that nobody reads, of
// a process that does not exist. One thread at a time.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <span>
#include <string>
#include <system_error>

#include "dlt/proto/error.hpp"

namespace dlt::detail {

class AnswerPipe {
 public:
  AnswerPipe() = default;
  ~AnswerPipe() { close(); }
  AnswerPipe(const AnswerPipe&) = delete;
  AnswerPipe& operator=(const AnswerPipe&) = delete;

  [[nodiscard]] std::error_code open(const std::string& directory, std::int32_t pid);
  void close() noexcept;             // removes the name
  void abandon_in_child() noexcept;  // after fork: the name is the parent's
  [[nodiscard]] Result<std::size_t> receive(std::span<std::byte> into) noexcept;  // would block: nothing now
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  [[nodiscard]] std::error_code make(int pipes, const std::string& name) noexcept;
  [[nodiscard]] bool is_mine(const struct stat& info) const noexcept {
    return info.st_dev == device_ && info.st_ino == inode_;
  }

  int fd_ = -1;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool swept_ = false;
};

}  // namespace dlt::detail
