#include "harness/arrivals.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/loopback.hpp"

namespace dlt::bench {

Arrivals::Arrivals(std::uint16_t port, const std::string& run, std::size_t producers, unsigned payload)
    : fd_(connect_to_daemon(port)),
      texts_(Texts::fixed(payload)),
      ledger_(producers, texts_),
      reader_(StreamReader::Kind::live, AppId(std::string_view(run)), ledger_),
      thread_([this] { this->run(); }) {
  // The daemon greets each client; from then on what is logged reaches us.
  for (const double deadline = now_s() + 2; !greeted_ && now_s() < deadline;) ::poll(nullptr, 0, 1);
}

Arrivals::~Arrivals() {
  stop();
  ::close(fd_);
}

void Arrivals::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void Arrivals::run() {
  std::vector<std::byte> buffer(256 * 1024);
  while (!stop_) {
    pollfd p{fd_, POLLIN, 0};
    if (::poll(&p, 1, 20) <= 0) continue;
    const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n == 0 || (n < 0 && errno != EINTR)) return;
    if (n < 0) continue;
    reader_.feed({buffer.data(), static_cast<std::size_t>(n)}, 0);
    const auto& producers = ledger_.producers();
    for (std::size_t i = 0; i < std::min(producers.size(), watched); ++i)
      next_[i].store(producers[i].next, std::memory_order_release);
    delivered_.store(ledger_.delivered(), std::memory_order_release);
    if (reader_.others() != 0) greeted_ = true;
  }
}

void Arrivals::send(proto::Bytes request) const {
  if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    throw BenchError("the daemon takes no request from its client");
}

bool Arrivals::await(std::uint64_t count, double silence_s) const {
  std::uint64_t last = delivered();
  for (double heard = now_s(); last < count;) {
    if (now_s() - heard > silence_s) return false;
    ::poll(nullptr, 0, 1);
    if (const std::uint64_t seen = delivered(); seen != last) last = seen, heard = now_s();
  }
  return true;
}

std::vector<std::string> Arrivals::faults() {
  stop();
  return ledger_.faults();
}

}  // namespace dlt::bench
