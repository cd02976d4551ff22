// An application that forks while four of its threads log: forking WAY WITNESS [COUNT]
//
//   children    COUNT times: a child logs `each` messages under thread `first_child` + n, flushes, and leaves by exit,
//               _exit or exec (in turn); every seventh has a child of its own. Exit code: how many of them failed.
//   orphan      the child logs after its parent has ended
//   killed      the parent kills itself; its child, which never logged, says "alive" and lives until its input ends
//   descriptors (after exec) exit code: how many descriptors there are more than WITNESS says
#include <dlt/dlt.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "faults/witness.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t threads = 4;
constexpr std::uint32_t first_child = 10;
constexpr std::uint32_t first_grandchild = 2000;
constexpr std::uint64_t each = 20;

dlt::test::Witness* witness = nullptr;
dlt::Session* session = nullptr;
dlt::Context numbers("NUMS", "thread and sequence");
std::atomic<bool> enough{false};

void log_numbers(std::uint32_t thread, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i)
    if (DLT_INFO(numbers, "{}{}", thread, i)) witness->count(thread);
}

// Slowly enough for a machine that is also busy with copies of this process.
void keep_logging(std::uint32_t thread) {
  for (std::uint64_t i = 0; !enough; ++i) {
    if (DLT_INFO(numbers, "{}{}", thread, i)) witness->count(thread);
    if (i % 16 == 0) std::this_thread::sleep_for(100us);
  }
}

int descriptors() {
  int n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
  return n;
}
int inherited = 0;  // before the library opened any

bool ended_well(pid_t child) {
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void leave(int how, bool well) {
  if (!well) _exit(1);
  if (how == 0) std::exit(0);
  if (how == 1) _exit(0);
  execl("/proc/self/exe", "forking", "descriptors", std::to_string(inherited).c_str(), static_cast<char*>(nullptr));
  _exit(1);
}

[[noreturn]] void be_child(int n) {
  log_numbers(first_child + static_cast<std::uint32_t>(n), each);
  bool well = session->flush(1min);
  if (n % 7 == 0) {
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      log_numbers(first_grandchild + static_cast<std::uint32_t>(n), each);
      leave(0, session->flush(1min));
    }
    well = ended_well(grandchild) && well;
  }
  leave(n % 3, well);
  _exit(1);
}

int have_children(int count) {
  std::vector<std::jthread> loggers;
  for (std::uint32_t t = 0; t < threads; ++t) loggers.emplace_back(keep_logging, t);
  int failed = 0;
  for (int n = 0; n < count; ++n) {
    const pid_t child = fork();
    if (child == 0) be_child(n);
    failed += ended_well(child) ? 0 : 1;
  }
  enough = true;
  return failed;
}

int have_orphan() {
  log_numbers(0, each);
  const pid_t parent = getpid();
  if (fork() != 0) return 0;
  while (getppid() == parent) std::this_thread::sleep_for(1ms);
  log_numbers(first_child, each);
  return session->flush(1min) ? 0 : 1;
}

int be_killed() {
  log_numbers(0, each);
  (void)session->flush(1min);
  if (fork() != 0) raise(SIGKILL);
  std::puts("alive");
  std::fflush(stdout);
  return std::getchar() == EOF ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string way = argv[1];
  if (way == "descriptors") return descriptors() - std::atoi(argv[2]);
  inherited = descriptors();
  witness = new dlt::test::Witness(argv[2]);
  auto started = dlt::start({.app = "FORK", .buffer = {.mode = dlt::OverflowMode::block, .timeout = 1h}});
  if (!started) return 100;
  session = &*started;
  if (way == "children") return have_children(argc > 3 ? std::atoi(argv[3]) : 1);
  return way == "orphan" ? have_orphan() : be_killed();
}
