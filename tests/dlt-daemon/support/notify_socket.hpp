// What systemd would hear from a service: the socket of NOTIFY_SOCKET. One thread.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <stdexcept>
#include <string>

#include "session/fd.hpp"
#include "support/deadline.hpp"

namespace dlt::test {

class NotifySocket {
 public:
  explicit NotifySocket(std::string path) : path_(std::move(path)) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, path_.c_str(), sizeof where.sun_path - 1);
    if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) != 0)
      throw std::runtime_error(std::string("bind: ") + std::strerror(errno));
    wait_at_most(patience);
  }

  [[nodiscard]] const std::string& path() const { return path_; }
  // The next message; empty if none comes within the time.
  std::string next(std::chrono::milliseconds limit = patience) {
    wait_at_most(limit);
    char text[1024];
    const auto n = ::recv(socket_.get(), text, sizeof text, 0);
    return {text, n > 0 ? static_cast<std::size_t>(n) : 0};
  }
  // The next message that has this in it; what comes before it is passed over. Empty if none comes.
  std::string next_with(const std::string& part) {
    std::string text = next();
    while (!text.empty() && text.find(part) == std::string::npos) text = next();
    return text;
  }
  // Takes what has come so far.
  void forget() {
    char text[1024];
    while (::recv(socket_.get(), text, sizeof text, MSG_DONTWAIT) > 0) continue;
  }

 private:
  void wait_at_most(std::chrono::milliseconds limit) {
    const timeval t{limit.count() / 1000, limit.count() % 1000 * 1000};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
  }

  std::string path_;
  daemon::Fd socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
};

}  // namespace dlt::test
