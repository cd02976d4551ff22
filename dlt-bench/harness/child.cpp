#include "harness/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/interrupt.hpp"

namespace dlt::bench {
namespace {

constexpr int child_channel = 3;
constexpr int not_there = 126;  // exit code: no way into the network

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

// The clocks change with the exec that follows; where the kernel is too old for it they stay.
void set_clocks(const std::string& offsets) {
  if (::unshare(CLONE_NEWTIME) != 0) return;
  const int file = ::open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
  [[maybe_unused]] const ssize_t n = file >= 0 ? ::write(file, offsets.data(), offsets.size()) : 0;
  if (file >= 0) ::close(file);
}

// Between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* argv, char* const* environment, int channel, const ChildOptions& options) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nothing of ours survives us
  const char* stderr_file = options.stderr_file.c_str();
  if (options.network >= 0 && ::setns(options.network, CLONE_NEWNET) != 0) ::_exit(not_there);
  if (!options.clocks.empty()) set_clocks(options.clocks);
  const int null = ::open("/dev/null", O_RDWR);
  ::dup2(null, 0);
  ::dup2(null, 1);
  if (*stderr_file != '\0') {
    const int log = ::open(stderr_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (log >= 0) ::dup2(log, 2);
  }
  if (channel == child_channel) ::fcntl(channel, F_SETFD, 0);
  else ::dup2(channel, child_channel);
  ::execvpe(argv[0], argv, environment);
  ::_exit(127);
}

std::vector<std::string> merged_environment(const ChildOptions& options) {
  std::vector<std::string> merged;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry = *e;
    const std::string name = entry.substr(0, entry.find('='));
    bool replaced = false;
    for (const auto& [key, value] : options.environment) replaced = replaced || key == name;
    if (!replaced) merged.push_back(entry);
  }
  for (const auto& [key, value] : options.environment)
    if (!value.empty()) merged.push_back(key + "=" + value);
  return merged;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> p;
  for (auto& s : strings) p.push_back(s.data());
  p.push_back(nullptr);
  return p;
}

}  // namespace

std::string describe_status(int status) {
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

Child Child::start(const ChildOptions& options) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    throw BenchError("no socket pair for a child process");
  std::vector<std::string> arguments = options.arguments;
  std::vector<std::string> environment = merged_environment(options);
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  Child child;
  child.name_ = options.arguments.front();
  child.pid_ = ::fork();
  if (child.pid_ == 0) become(argv.data(), envp.data(), pair[1], options);
  ::close(pair[1]);
  child.fd_ = pair[0];
  if (child.pid_ < 0) throw BenchError("cannot start " + child.name_ + ": " + std::strerror(errno));
  return child;
}

Child::Child(Child&& other) noexcept { *this = std::move(other); }

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  kill_and_forget();
  name_ = std::move(other.name_);
  pid_ = std::exchange(other.pid_, -1);
  fd_ = std::exchange(other.fd_, -1);
  status_ = std::exchange(other.status_, std::nullopt);
  received_ = std::move(other.received_);
  hear_ = std::move(other.hear_);
  return *this;
}

Child::~Child() { kill_and_forget(); }

void Child::kill_and_forget() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  if (pid_ < 0 || status_) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  status_ = status;
}

void Child::send(const std::string& line) {
  const std::string whole = line + "\n";
  for (std::size_t at = 0; at < whole.size();) {
    const ssize_t n = ::send(fd_, whole.data() + at, whole.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw BenchError(name_ + " does not listen: " + std::strerror(errno));
    at += static_cast<std::size_t>(n);
  }
}

std::optional<std::string> Child::next_line() {
  constexpr std::string_view live = "live ";
  for (;;) {
    const auto end = received_.find('\n');
    if (end == std::string::npos) return {};
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    if (line.rfind(live, 0) != 0) return line;
    if (hear_) hear_(line.substr(live.size()));
  }
}

bool Child::read_more() {
  char buffer[64 * 1024];
  const ssize_t n = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (n <= 0) return false;
  received_.append(buffer, static_cast<std::size_t>(n));
  return true;
}

void Child::drain() {
  (void)read_more();  // whether it has ended is for receive() to say
  const auto line = next_line();
  if (line) received_.insert(0, *line + "\n");
}

std::string Child::receive(Seconds limit, const std::function<void()>& watch) {
  const double deadline = now_s() + limit.count();
  for (;;) {
    if (auto line = next_line()) return std::move(*line);
    if (now_s() >= deadline) throw BenchError(name_ + " gave no answer within " + std::to_string(limit.count()) + " s");
    pollfd p{fd_, POLLIN, 0};
    const int ready = ::poll(&p, 1, 100);
    if (interrupted()) throw BenchError("interrupted");
    if (watch) watch();
    if (ready <= 0 || read_more()) continue;
    const int status = stop(0, Seconds(2));
    throw BenchError("a worker process ended before its time (" + describe_status(status) + ")");
  }
}

std::optional<int> Child::ended() {
  if (status_ || pid_ < 0) return status_;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_;
}

void Child::signal(int number) const {
  if (pid_ > 0 && !status_) ::kill(pid_, number);
}

int Child::stop(int number, Seconds limit) {
  signal(number);
  const double deadline = now_s() + limit.count();
  while (!ended()) {
    if (now_s() >= deadline) {
      kill_and_forget();
      break;
    }
    ::poll(nullptr, 0, 2);
  }
  return status_.value_or(0);
}

}  // namespace dlt::bench
