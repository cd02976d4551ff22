// The one file that tells whether a daemon serves these sockets: taken before anything is touched, released by the
// kernel when the process ends, however it ends.
#pragma once

#include <string>

#include "dlt/proto/error.hpp"
#include "session/fd.hpp"

namespace dlt::daemon {

class LockFile {
 public:
  // std::errc::device_or_resource_busy: another daemon holds it. file_exists: the name is taken by something else.
  [[nodiscard]] static Result<LockFile> take(const std::string& path);

 private:
  explicit LockFile(Fd fd) noexcept : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace dlt::daemon
