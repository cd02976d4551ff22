// A reader in the place of a syslog daemon: takes every datagram, keeps the ledger, and writes nothing anywhere.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/receive.hpp"
#include "harness/syslog_reader.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr double look_up_s = 0.02;  // how long a read waits before the channel is looked at

int listen_at(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw BenchError("cannot listen at " + path + ": " + std::strerror(errno));
  const timeval wait{0, static_cast<suseconds_t>(look_up_s * 1e6)};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  return fd;
}

// Until as many have come as were sent, or until nothing more comes.
void read_all(int fd, const ReceivePlan& plan, Channel& channel, Ledger& ledger, SyslogReader& reader,
              ReceiveResult& result) {
  std::optional<std::uint64_t> expected;
  double last_heard = now_s();
  std::array<char, 4096> datagram{};
  for (;;) {
    const ssize_t n = ::recv(fd, datagram.data(), datagram.size(), 0);
    if (n >= 0) {
      const std::uint64_t now = now_ns();
      reader.enter({datagram.data(), static_cast<std::size_t>(n)}, now);
      if (result.first_ns == 0) result.first_ns = now;
      result.last_ns = now;
      last_heard = now_s();
      continue;
    }
    if (!expected) {
      if (const auto line = channel.receive(0)) expected = std::stoull(*line), last_heard = now_s();
      continue;
    }
    if (ledger.delivered() >= *expected || now_s() - last_heard > plan.silence_s) return;
  }
}

}  // namespace

void syslog_worker(Channel& channel) {
  const auto plan = from_wire<ReceivePlan>(channel.expect(10));
  const int fd = listen_at(plan.socket);
  const Texts texts = Texts::fixed(plan.payload);
  Ledger ledger(plan.producers, texts);
  SyslogReader reader(plan.run, ledger);
  channel.send("ready");
  const Usage before = usage_of();
  ReceiveResult result;
  read_all(fd, plan, channel, ledger, reader, result);
  result.producers = ledger.producers();
  result.delivered = ledger.delivered();
  result.bytes = ledger.bytes();
  result.faults = ledger.faults();
  result.e2e_us = reader.latency_ns().percentiles(1e-3);
  result.usage = usage_of().since(before);
  channel.send(to_wire(result));
  ::close(fd);
}

}  // namespace dlt::bench
