// An application without the library, for tests that are about the daemon: numbered frames, straight to its socket.
// One thread per object.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string>

#include "dlt-daemon/support/wire.hpp"
#include "support/client.hpp"

namespace dlt::test {

class RawApp {
 public:
  explicit RawApp(const std::string& socket) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, socket.c_str(), sizeof where.sun_path - 1);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0) return;
    ::close(fd_);
    throw std::runtime_error("nobody listens at " + socket);
  }
  ~RawApp() { ::close(fd_); }
  RawApp(const RawApp&) = delete;
  RawApp& operator=(const RawApp&) = delete;

  // The next `count` numbers, in batches of 100. False: the daemon is gone.
  bool send(std::uint32_t count, std::size_t extra = 40) {
    for (const std::uint32_t end = next_ + count; next_ < end;) {
      const std::uint32_t n = std::min<std::uint32_t>(100, end - next_);
      if (!send_bytes(numbered_batch(next_, n, extra))) return false;
      next_ += n;
    }
    return true;
  }
  bool send_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  [[nodiscard]] std::uint32_t next() const { return next_; }  // the first number that was not sent
  void skip_to(std::uint32_t number) { next_ = number; }

 private:
  int fd_;
  std::uint32_t next_ = 0;
};

// Reads numbers first .. last-1, each once and in order; what went wrong, or nothing.
inline std::string read_in_order(Client& client, std::uint32_t first, std::uint32_t last) {
  std::uint32_t expected = first;
  std::string wrong;
  const bool all = client.read_until([&](const ReceivedFrame& frame) {
    if ((frame.extended.msin & 0x0e) != 0 || frame.payload.size() < 4) return false;
    const auto number = proto::load_le<std::uint32_t>(frame.payload.data());
    if (number != expected && wrong.empty()) wrong = std::to_string(number) + " instead of " + std::to_string(expected);
    expected = number + 1;
    return expected >= last;
  });
  if (!all && wrong.empty()) wrong = "nothing after " + std::to_string(expected);
  return wrong;
}

}  // namespace dlt::test
