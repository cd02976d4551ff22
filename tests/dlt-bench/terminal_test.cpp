// dlt-bench on a terminal: colours, the dashboard, and the terminal as it was afterwards.
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>

#include "support/child.hpp"
#include "support/temp_dir.hpp"

using namespace dlt::test;

namespace {

constexpr const char* enter = "\033[?1049h";
constexpr const char* leave = "\033[?1049l";

// dlt-bench on a terminal of its own.
class OnTerminal {
 public:
  explicit OnTerminal(std::vector<std::string> words, const char* no_color = nullptr) {
    words.insert(words.begin(), DLT_BENCH_PROGRAM);
    std::vector<char*> argv;
    for (auto& w : words) argv.push_back(w.data());
    argv.push_back(nullptr);
    pid_ = ::forkpty(&fd_, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      ::unsetenv("NO_COLOR");
      if (no_color != nullptr) ::setenv("NO_COLOR", no_color, 1);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    if (pid_ < 0) throw std::runtime_error("no terminal");
  }
  ~OnTerminal() {
    if (!code_) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
    ::close(fd_);
  }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  // Reads until `text` has been shown, or until the end.
  bool read_until(const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(4);
    while (text.empty() || shown_.find(text) == std::string::npos) {
      pollfd p{fd_, POLLIN, 0};
      if (std::chrono::steady_clock::now() > deadline) return false;
      if (::poll(&p, 1, 100) <= 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t n = ::read(fd_, buffer.data(), buffer.size());
      if (n <= 0) return false;  // the other side is closed
      shown_.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return true;
  }
  void type(char key) const { REQUIRE(::write(fd_, &key, 1) == 1); }
  int wait() {
    (void)read_until("");
    int status = 0;
    ::waitpid(pid_, &status, 0);
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return *code_;
  }
  [[nodiscard]] const std::string& shown() const { return shown_; }

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
  std::optional<int> code_;
  std::string shown_;
};

}  // namespace

TEST_CASE("a terminal gets colours, unless NO_COLOR says not to") {
  const std::vector<std::string> words{"concurrency-single", "--messages", "100", "--repeat", "1"};

  OnTerminal coloured(words);
  CHECK(coloured.wait() == 0);
  CHECK(coloured.shown().find("\033[1m") != std::string::npos);

  OnTerminal plain(words, "1");
  CHECK(plain.wait() == 0);
  CHECK(plain.shown().find("concurrency-single") != std::string::npos);
  CHECK(plain.shown().find("\033[1m") == std::string::npos);
}

TEST_CASE("the dashboard shows a run and leaves the terminal as it was") {
  OnTerminal bench(
      {"concurrency-mpsc", "--duration", "1", "--messages", "10000", "--repeat", "1", "--rate", "10000", "--live"});

  const auto code = bench.wait();
  INFO(bench.shown().substr(bench.shown().size() - std::min<std::size_t>(bench.shown().size(), 4000)));
  CHECK(code == 0);

  const std::string& shown = bench.shown();
  REQUIRE(shown.find(enter) != std::string::npos);
  CHECK(shown.rfind(leave) > shown.rfind(enter));
  for (const char* what : {"accepted", "delivered", "dropped", "backlog", "end to end", "buffer 3"}) {
    INFO(what);
    CHECK(shown.find(what) != std::string::npos);
  }
  CHECK(shown.find("unacc.") > shown.rfind(leave));  // the table comes afterwards
}

TEST_CASE("Ctrl-C ends the dashboard in good order, and the run with exit code 130") {
  OnTerminal bench({"concurrency-scale", "--threads", "1", "--duration", "60", "--repeat", "1", "--live"});
  REQUIRE(bench.read_until("buffer 2"));

  bench.type('\x03');

  CHECK(bench.wait() == 130);
  const std::string& shown = bench.shown();
  CHECK(shown.rfind(leave) != std::string::npos);
  CHECK(shown.rfind(leave) > shown.rfind(enter));
  CHECK(shown.rfind("\033[?25h") > shown.rfind("\033[?25l"));
  CHECK(shown.find("interrupted", shown.rfind(leave)) != std::string::npos);
}

TEST_CASE("without a terminal the dashboard is left out with a word") {
  const Outcome outcome = run({DLT_BENCH_PROGRAM, "concurrency-single", "--messages", "100", "--repeat", "1", "--live"},
                              {}, std::chrono::minutes(4));

  CHECK(outcome.code == 0);
  CHECK(outcome.out.find("--live needs a terminal") != std::string::npos);
  CHECK(outcome.out.find('\033') == std::string::npos);
}

TEST_CASE("a profile is folded stacks in a file, or the reason why there is none") {
  TempDir dir;

  const Outcome outcome = run({DLT_BENCH_PROGRAM, "concurrency-scale", "--threads", "1", "--duration", "0.5",
                               "--repeat", "1", "--profile", dir / "stacks"},
                              {}, std::chrono::minutes(8));

  INFO(outcome.out);
  CHECK(outcome.code == 0);
  if (outcome.out.find("no CPU profile: ") != std::string::npos) return;
  const std::string name = "concurrency-scale-1_thread__unix__no_sink-application.folded";
  const std::string folded = read_file(std::filesystem::path(dir / "stacks") / name);
  CHECK(folded.find("dlt") != std::string::npos);
  CHECK(folded.find(';') != std::string::npos);
}
