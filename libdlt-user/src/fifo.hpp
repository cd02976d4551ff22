// The incumbent's way between programs and a daemon, for this program: its FIFO, and our pipe for the answers.
//
//   DIRECTORY/dlt                 all programs ──▶ daemon      whole messages, in writes that the kernel keeps whole
//   DIRECTORY/dltpipes/dlt<PID>   daemon ──▶ this program
//
// What is written counts as the daemon's: nothing there acknowledges. A FIFO that nobody has named is used only when
// its owner is root, this user, or an arrangement for a group of this user (owned by another user, writable for that
// group alone, as the incumbent makes it): in a folder that everybody may write to, others could have planted it.
// Owns its descriptors (close-on-exec). One thread at a time.
#pragma once

#include <sys/stat.h>
#include <sys/uio.h>

#include <cstdint>
#include <span>
#include <vector>

#include "address.hpp"
#include "answer_pipe.hpp"
#include "dlt/proto/error.hpp"

namespace dlt::detail {

// Whose FIFO may be written to without being named. Pure.
struct Identity {
  uid_t uid = 0;
  std::vector<gid_t> groups;
};
[[nodiscard]] bool is_trusted_fifo(const struct stat& info, const Identity& self) noexcept;

class Fifo {
 public:
  Fifo() = default;
  ~Fifo() { close(); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  // Whether it could be opened now. no_such_device_or_address: nobody reads it; permission_denied;
  // operation_not_permitted: the owner is not trusted; not_a_stream: it is no FIFO, or a symbolic link.
  [[nodiscard]] static std::error_code look(const Address& at);
  // `unanswered`: it is open, but there is no pipe for answers, and why.
  [[nodiscard]] std::error_code open(const Address& at, std::int32_t pid, std::error_code& unanswered);
  void close() noexcept;
  void abandon_in_child() noexcept;

  // Whole messages of the user protocol. Bytes moved, always up to the end of a message; those that are too long for
  // one write are passed over and stand in it. std::errc::operation_would_block: nothing now; Errc::closed: no reader.
  [[nodiscard]] Result<std::size_t> send(std::span<const iovec> messages) noexcept;
  // Errc::closed: the daemon has gone. Then nothing that it said is left.
  [[nodiscard]] Result<std::size_t> receive(std::span<std::byte> into) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int fd() const noexcept { return fd_; }                              // to be written to
  [[nodiscard]] int answers() const noexcept { return answers_.fd(); }               // -1: none
  [[nodiscard]] std::uint64_t passed_over() const noexcept { return passed_over_; }  // messages, ever

 private:
  int fd_ = -1;
  dev_t device_ = 0;  // of fd_, as is the next
  ino_t inode_ = 0;
  AnswerPipe answers_;
  std::uint64_t passed_over_ = 0;
};

}  // namespace dlt::detail
