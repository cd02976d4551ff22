// The names through which programs on the incumbent's library find a daemon, in a directory that everybody may write
// to:
//
//   <directory>/dlt                 FIFO, 0620: all programs -> daemon; made here, removed at an orderly end
//   <directory>/dltpipes/           03777
//   <directory>/dltpipes/dlt<PID>   FIFO, made by the program of that process: daemon -> this program
//
// What others have planted under these names is not followed, not replaced, not written to: no symbolic link, and
// nothing but FIFOs. A FIFO that another daemon reads stays that daemon's. Blocking calls that do not wait; opened
// before the io thread runs, by the holder of the lock file, then the io thread's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "dlt/proto/error.hpp"
#include "session/fd.hpp"

namespace dlt::daemon {

class FifoFiles {
 public:
  struct Options {
    std::string directory;
    std::string group;     // may write; empty: as it comes
    std::size_t size = 0;  // bytes that the FIFO takes; 0: as it comes
  };
  // Nothing, and `problem`, which names the path that is wrong. `warning`: what does not work as it was asked for.
  [[nodiscard]] static std::optional<FifoFiles> open(const Options& options, std::string& problem,
                                                     std::string& warning);

  FifoFiles(FifoFiles&&) = default;
  FifoFiles& operator=(FifoFiles&&) = delete;
  ~FifoFiles() { remove(); }

  // Open for both ways, so that it has no end; not blocking. The caller's from here on.
  [[nodiscard]] Fd take_fifo() noexcept { return std::move(fifo_); }
  // The way to a process, not blocking: what it reads from. Errors: none there, nobody reads it, no FIFO.
  [[nodiscard]] Result<Fd> open_pipe(pid_t pid) const;
  // Takes the FIFO's name away, if it is still that of our FIFO.
  void remove() noexcept;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }  // bytes

 private:
  FifoFiles() = default;
  bool make_fifo(const Options& options, std::string& problem, std::string& warning);
  bool make_pipes(std::string& problem, std::string& warning);

  std::string path_;
  Fd directory_;
  Fd pipes_;
  Fd fifo_;
  dev_t device_ = 0;  // of the FIFO, as is the next
  ino_t inode_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace dlt::daemon
