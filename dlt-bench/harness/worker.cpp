#include "harness/worker.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "harness/clock.hpp"
#include "harness/error.hpp"

namespace dlt::bench {
namespace {

constexpr int channel_fd = 3;

constexpr std::array<std::pair<const char*, void (*)(Channel&)>, 18> roles{{
    {"produce", produce_worker},
    {"receive", receive_worker},
    {"store", store_worker},
    {"roofline-read", roofline_read_worker},
    {"roofline-write", roofline_write_worker},
    {"machine", machine_worker},
    {"calls", calls_worker},
    {"suspend", suspend_worker},
    {"relay", relay_worker},
    {"syslog", syslog_worker},
    {"delay", delay_worker},
    {"census", census_worker},
    {"work", work_worker},
    {"visit", visit_worker},
    {"recount", recount_worker},
    {"weigh", weigh_worker},
    {"record", record_worker},
    {"micro", micro_worker},
}};

std::string& program() {
  static std::string path = std::filesystem::read_symlink("/proc/self/exe").string();
  return path;
}

}  // namespace

void Channel::send(const std::string& line) {
  const std::string whole = line + "\n";
  for (std::size_t at = 0; at < whole.size();) {
    const ssize_t n = ::send(channel_fd, whole.data() + at, whole.size() - at, MSG_NOSIGNAL);
    if (n < 0) throw BenchError("the benchmark that started this worker is gone");
    at += static_cast<std::size_t>(n);
  }
}

std::optional<std::string> Channel::receive(double limit_s) {
  const double deadline = now_s() + limit_s;
  for (;;) {
    if (const auto end = received_.find('\n'); end != std::string::npos) {
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    const double left = deadline - now_s();
    pollfd p{channel_fd, POLLIN, 0};
    if (::poll(&p, 1, left > 0 ? static_cast<int>(left * 1e3) + 1 : 0) <= 0) {
      if (left <= 0) return {};
      continue;
    }
    std::array<char, 4096> buffer{};
    const ssize_t n = ::recv(channel_fd, buffer.data(), buffer.size(), 0);
    if (n <= 0) return {};
    received_.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

std::string Channel::expect(double limit_s) {
  auto line = receive(limit_s);
  if (!line) throw BenchError("the benchmark that started this worker is gone");
  return std::move(*line);
}

void set_worker_program(std::string path) { program() = std::move(path); }
const std::string& worker_program() { return program(); }

Child start_worker(const std::string& name, const std::string& plan_json,
                   std::vector<std::pair<std::string, std::string>> environment) {
  Child child = Child::start({{worker_program(), "--worker", name}, std::move(environment), {}});
  child.send(plan_json);
  return child;
}

Child start_worker_in(int network, const std::string& clocks, const std::string& name, const std::string& plan_json) {
  ChildOptions options{{worker_program(), "--worker", name}, {}, {}};
  options.network = network;
  options.clocks = clocks;
  Child child = Child::start(options);
  child.send(plan_json);
  return child;
}

int run_worker(const std::string& name) {
  for (const auto& [role, run] : roles) {
    if (name != role) continue;
    Channel channel;
    try {
      run(channel);
      return 0;
    } catch (const std::exception& e) {
      std::fprintf(stderr, "dlt-bench: %s: %s\n", role, e.what());
      return 1;
    }
  }
  return 2;
}

}  // namespace dlt::bench
