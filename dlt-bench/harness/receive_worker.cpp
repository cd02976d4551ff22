// A client of the daemon, in its own process: reads everything, parses everything, keeps the ledger.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "harness/clock.hpp"
#include "harness/loopback.hpp"
#include "harness/receive.hpp"
#include "harness/stream_reader.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr std::size_t read_size = 256 * 1024;
constexpr double look_up_s = 0.02;  // how long a read waits before the channel is looked at

int connect_to(std::uint16_t port) {
  const int fd = connect_to_daemon(port);
  const timeval wait{0, static_cast<suseconds_t>(look_up_s * 1e6)};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  return fd;
}

class Reception {
 public:
  Reception(const ReceivePlan& plan, int fd)
      : plan_(plan),
        fd_(fd),
        texts_(plan.realistic_text ? Texts::lines() : Texts::fixed(plan.payload)),
        ledger_(plan.producers, texts_),
        reader_(StreamReader::Kind::live, AppId(std::string_view(plan.run)), ledger_) {}

  // The daemon greets each client; then it knows us and what is logged from now on reaches us.
  void wait_greeting() {
    const double deadline = now_s() + 2;
    while (reader_.others() == 0 && now_s() < deadline && !eof_) read_once();
  }
  void run(Channel& channel) {
    double last_heard = now_s();
    for (unsigned reads = 1;; ++reads) {
      const bool got = read_once();
      if (plan_.live_s > 0) tell(channel);
      if (got) last_heard = now_s();
      if (eof_) break;
      if (got && reads % 64 != 0) continue;
      if (!expected_) listen(channel, last_heard);
      // All there: one more quiet read, so that what arrives twice is noticed.
      if (expected_ && ledger_.delivered() >= *expected_ && !got) break;
      if (expected_ && now_s() - last_heard > plan_.silence_s) break;
    }
  }
  [[nodiscard]] ReceiveResult result() const {
    ReceiveResult r;
    r.producers = ledger_.producers();
    r.delivered = ledger_.delivered();
    r.bytes = ledger_.bytes();
    r.faults = ledger_.faults();
    r.e2e_us = reader_.latency_ns().percentiles(1e-3);
    r.first_ns = first_ns_;
    r.last_ns = last_ns_;
    r.eof = eof_;
    r.series = series_;
    return r;
  }

 private:
  void listen(Channel& channel, double& last_heard) {
    const auto line = channel.receive(0);
    if (!line) return;
    expected_ = std::stoull(*line);
    last_heard = now_s();
  }
  // See LiveView.
  void tell(Channel& channel) {
    if (now_s() < next_line_s_) return;
    next_line_s_ = now_s() + plan_.live_s;
    const Percentiles p = reader_.latency_ns().percentiles(1e-3);
    channel.send("live c " + std::to_string(now_ns()) + " " + std::to_string(ledger_.delivered()) + " " +
                 std::to_string(p.p50) + " " + std::to_string(p.p99));
  }
  bool read_once() {
    const ssize_t n = ::recv(fd_, buffer_.data(), buffer_.size(), 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) eof_ = true;
    if (n <= 0) return false;
    const std::uint64_t now = now_ns();
    const std::uint64_t before = ledger_.delivered();
    reader_.feed({buffer_.data(), static_cast<std::size_t>(n)}, now);
    if (ledger_.delivered() != before) {
      if (first_ns_ == 0) first_ns_ = now;
      last_ns_ = now;
      if (plan_.series_s > 0 &&
          (series_.empty() || static_cast<double>(now - series_.back().ns) >= plan_.series_s * 1e9))
        series_.push_back({now, ledger_.delivered()});
    }
    return true;
  }

  const ReceivePlan& plan_;
  int fd_;
  Texts texts_;
  Ledger ledger_;
  StreamReader reader_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(read_size);
  std::optional<std::uint64_t> expected_;
  std::uint64_t first_ns_ = 0, last_ns_ = 0;
  std::vector<ArrivedAt> series_;
  double next_line_s_ = 0;
  bool eof_ = false;
};

}  // namespace

void receive_worker(Channel& channel) {
  const auto plan = from_wire<ReceivePlan>(channel.expect(10));
  const int fd = connect_to(plan.port);
  Reception reception(plan, fd);
  reception.wait_greeting();
  channel.send("ready");
  const Usage before = usage_of();
  reception.run(channel);
  ReceiveResult result = reception.result();
  result.usage = usage_of().since(before);
  channel.send(to_wire(result));
  (void)channel.receive(60);  // the daemon is asked about this connection before it goes
  ::close(fd);
}

}  // namespace dlt::bench
