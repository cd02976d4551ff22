// The delay line of machines whose kernel has no netem: a process that holds the packets between two TAP devices, one
// in the network of a node, one in that of the bridge. Both directions of each wire are a DelayLine.
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "harness/clock.hpp"
#include "harness/delay_plan.hpp"
#include "harness/error.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr int channel_fd = 3;
constexpr std::size_t longest_packet = 64 * 1024;
constexpr int burst = 64;  // packets of one device before the others are looked at

void enter(const std::string& network) {
  const int fd = ::open(network.c_str(), O_RDONLY | O_CLOEXEC);
  const bool in = fd >= 0 && ::setns(fd, CLONE_NEWNET) == 0;
  if (fd >= 0) ::close(fd);
  if (!in) throw BenchError("no way into the network " + network + ": " + std::strerror(errno));
}

int open_tap(const std::string& network, const std::string& device) {
  enter(network);
  const int fd = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  ifreq request{};
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  device.copy(request.ifr_name, sizeof request.ifr_name - 1);
  if (fd < 0 || ::ioctl(fd, TUNSETIFF, &request) != 0)
    throw BenchError("no device " + device + ": " + std::strerror(errno));
  return fd;
}

struct Direction {
  int from, to;
  DelayLine line;

  void take_in(std::span<std::byte> room) {
    for (int i = 0; i < burst; ++i) {
      const ssize_t n = ::read(from, room.data(), room.size());
      if (n <= 0) return;
      line.put(room.first(static_cast<std::size_t>(n)), now_ns());
    }
  }
  // A device that is down takes nothing: such packets are gone, as on a cable that is pulled.
  void hand_out() {
    while (const auto packet = line.next(now_ns())) {
      if (::write(to, packet->data(), packet->size()) < 0 && errno == EAGAIN) return;
      line.take();
    }
  }
};

timespec until(const std::vector<Direction>& directions) {
  constexpr std::uint64_t longest_ns = 100'000'000;
  const std::uint64_t now = now_ns();
  std::uint64_t wait = longest_ns;
  for (const auto& d : directions)
    if (const auto due = d.line.due_ns()) wait = std::min(wait, *due > now ? *due - now : 0);
  return {0, static_cast<long>(wait)};
}

std::string counts(const std::vector<Direction>& directions) {
  std::uint64_t passed = 0, dropped = 0;
  for (const auto& d : directions) passed += d.line.passed(), dropped += d.line.dropped();
  return std::to_string(passed) + " " + std::to_string(dropped);
}

// Until the benchmark goes; answers each of its lines with what has passed and what was dropped.
void carry(Channel& channel, std::vector<Direction>& directions) {
  std::vector<pollfd> polled{{channel_fd, POLLIN, 0}};
  for (const auto& d : directions) polled.push_back({d.from, POLLIN, 0});
  std::vector<std::byte> room(longest_packet);
  for (;;) {
    const timespec wait = until(directions);
    ::ppoll(polled.data(), polled.size(), &wait, nullptr);
    for (std::size_t i = 0; i < directions.size(); ++i) {
      if ((polled[i + 1].revents & POLLIN) != 0) directions[i].take_in(room);
      directions[i].hand_out();
    }
    if (polled[0].revents == 0) continue;
    if (!channel.receive(1)) return;
    channel.send(counts(directions));
  }
}

}  // namespace

std::string to_line(const DelayedWire& w) {
  std::ostringstream out;
  out << w.near_network << ' ' << w.near_device << ' ' << w.far_network << ' ' << w.far_device << ' '
      << w.limits.delay_ns << ' ' << w.limits.jitter_ns << ' ' << w.limits.packets << ' ' << w.limits.bytes;
  return out.str();
}

DelayedWire delayed_wire(const std::string& line) {
  DelayedWire w;
  std::istringstream in(line);
  in >> w.near_network >> w.near_device >> w.far_network >> w.far_device >> w.limits.delay_ns >> w.limits.jitter_ns >>
      w.limits.packets >> w.limits.bytes;
  if (!in) throw BenchError("not a wire: '" + line + "'");
  return w;
}

void delay_worker(Channel& channel) {
  ::prctl(PR_SET_TIMERSLACK, 1000UL);  // ns: what a wait may be late
  std::vector<Direction> directions;
  const auto wires = std::stoul(channel.expect(10));
  for (unsigned long i = 0; i < wires; ++i) {
    const DelayedWire w = delayed_wire(channel.expect(10));
    const int near = open_tap(w.near_network, w.near_device), far = open_tap(w.far_network, w.far_device);
    directions.push_back({near, far, DelayLine(w.limits, 2 * i)});
    directions.push_back({far, near, DelayLine(w.limits, 2 * i + 1)});
  }
  channel.send("ready");
  carry(channel, directions);
}

}  // namespace dlt::bench
