#include "support/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "support/temp_dir.hpp"

namespace dlt::test {

namespace {

void redirect(const std::string& path, int to) {
  const int file = open(path.empty() ? "/dev/null" : path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0 || dup2(file, to) < 0) _exit(126);
}

[[noreturn]] void become(const Child::Setup& setup, int input, int failure) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(input, STDIN_FILENO);
  redirect(setup.out, STDOUT_FILENO);
  if (!setup.err.empty()) redirect(setup.err, STDERR_FILENO);
  for (const auto& [name, value] : setup.environment) setenv(name.c_str(), value.c_str(), 1);

  std::vector<char*> argv;
  for (const auto& word : setup.command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  const int reason = errno;
  [[maybe_unused]] const auto n = write(failure, &reason, sizeof reason);
  _exit(127);
}

}  // namespace

Child::Child(const Setup& setup) {
  int input[2];    // a socket, because writing to one whose reader has died need not raise SIGPIPE
  int failure[2];  // closed by a successful exec, else carries errno
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input) != 0 || pipe2(failure, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) become(setup, input[0], failure[1]);

  close(input[0]);
  close(failure[1]);
  input_ = input[1];
  if (!setup.with_input) close(std::exchange(input_, -1));
  int reason = 0;
  const bool failed = read(failure[0], &reason, sizeof reason) == sizeof reason;
  close(failure[0]);
  if (!failed) return;
  reap(0);
  if (input_ >= 0) close(input_);
  throw std::runtime_error("cannot start '" + setup.command.at(0) + "': " + std::strerror(reason));
}

Child::~Child() {
  if (running()) {
    kill(pid_, SIGKILL);
    reap(0);
  }
  if (input_ >= 0) close(input_);
}

void Child::reap(int options) {
  int status = 0;
  pid_t got = 0;
  do got = waitpid(pid_, &status, options);
  while (got < 0 && errno == EINTR);
  if (got == pid_) status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Child::running() {
  if (!status_) reap(WNOHANG);
  return !status_;
}

void Child::send(int signal) const {
  if (!status_) kill(pid_, signal);
}

void Child::say(const std::string& line) const {
  const std::string text = line + "\n";
  if (::send(input_, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("the child does not take its input");
}

void Child::end_input() {
  if (input_ >= 0) close(std::exchange(input_, -1));
}

std::optional<int> Child::wait(std::chrono::milliseconds limit) {
  static_cast<void>(eventually([this] { return !running(); }, limit));
  return status_;
}

std::optional<int> Child::stop(int signal, std::chrono::milliseconds limit) {
  send(signal);
  if (wait(limit)) return status_;
  send(SIGKILL);
  reap(0);
  return std::nullopt;
}

std::optional<int> Child::stop() { return stop(SIGTERM); }

Outcome run(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
            std::chrono::milliseconds limit) {
  const TempDir dir;
  Child child({.command = command, .environment = environment, .out = dir / "out", .err = dir / "out"});
  const auto code = child.wait(limit);
  return {code.value_or(-1), read_file(dir / "out")};
}

}  // namespace dlt::test
