// The system calls by which storage touches the disk, so that a test can make any of them fail at any time.
//
// Each behaves like the call it is named after: -1 and errno where it fails. Whoever owns the files calls them: the
// storage thread, the thread of a logstorage device, that of snapshots, a tool.
#pragma once

#include <cstddef>

#include <sys/types.h>

namespace dlt::daemon {

struct FileCalls {
  // Makes the file `name` beneath the directory, for writing; never opens one that is there, never leaves the
  // directory.
  int (*create)(int directory, const char* name);
  ssize_t (*write)(int fd, const void* bytes, std::size_t size, off_t offset);
  int (*truncate)(int fd, off_t size);
  int (*sync)(int fd);
  int (*remove)(int directory, const char* name);
};

// The kernel's own.
[[nodiscard]] FileCalls kernel_calls() noexcept;

}  // namespace dlt::daemon
