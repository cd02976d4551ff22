// A signal handler that logs, at each instruction of its thread's first log call.
#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <map>
#include <thread>

#include "dlt/dlt.hpp"
#include "support/fake_daemon.hpp"
#include "support/isolated.hpp"
#include "support/logged.hpp"
#include "support/single_step.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

#ifdef DLT_CAN_SINGLE_STEP

namespace {

constexpr std::uint64_t by_thread = 0;
constexpr std::uint64_t by_handler = 1;

Context* context = nullptr;
thread_local std::uint64_t me = 0;
thread_local std::uint64_t logged[2] = {0, 0};

[[gnu::noinline]] bool log_next(std::uint64_t who) {
  const bool taken = DLT_INFO(*context, "{}{}", me * 2 + who, logged[who]);
  if (taken) ++logged[who];
  return taken;
}

// False: the call was over before that instruction.
bool first_call_interrupted_at(std::uint64_t instruction) {
  bool reached = false;
  std::thread([&] {
    me = instruction;
    reached = SingleStep::run(
        instruction, [] { (void)log_next(by_thread); }, [] { (void)log_next(by_handler); });
    (void)log_next(by_handler);  // as a later handler would
    (void)log_next(by_thread);
  }).join();
  return reached;
}

}  // namespace

TEST_CASE("a handler that logs at any instruction of its thread's first call finds the same queue, or is refused") {
  CHECK(isolated([] {
          TempDir dir;
          Options o;
          o.app = "APP1";
          o.address = "unix:" + dir / "d.sock";
          o.buffer_count = 1;           // a search for a queue walks past all that are not empty yet
          o.buffer.capacity = 1 << 15;  // for what all threads log into the same queue
          auto session = start(o);
          Context c{"CTX1"};
          context = &c;
          const SingleStep stepping;

          // No daemon yet: both lie in the queues together, so that an order that is not kept is seen.
          std::uint64_t n = 0;
          while (first_call_interrupted_at(n)) ++n;
          FakeDaemon daemon(dir / "d.sock");
          expect(session->flush(30s), "flush");
          const Stats stats = session->stats();
          expect(stats.closes(), "books");
          expect(n > 200, "a first call has more than " + std::to_string(n) + " instructions");
          expect(daemon.sees_frames(stats.delivered), "frames");
          expect_equal(stats.accepted, 4 * n + 3, "each call is counted once");

          std::map<std::uint64_t, std::uint64_t> next;
          for (const auto& frame : daemon.frames()) {
            const auto who = proto::load_le<std::uint64_t>(frame.data() + 30);
            const auto number = proto::load_le<std::uint64_t>(frame.data() + 42);
            expect_equal(number, next[who]++, "what was logged at instruction " + std::to_string(who / 2));
          }
        }) == "");
}

TEST_CASE("a child that a handler forks at any instruction of its thread's first call logs into a session of its own") {
  CHECK(isolated([] {
          TempDir dir;
          Options o;
          o.app = "APP1";
          o.address = "unix:" + dir / "nobody.sock";
          o.arena_bytes = 1 << 20;  // a child has one of its own
          o.buffer_count = 1;
          auto session = start(o);
          Context c{"CTX1"};
          context = &c;
          const SingleStep stepping;

          std::uint64_t n = 0;
          std::string wrong;
          for (bool reached = true; reached && wrong.empty(); ++n)
            std::thread([&] {
              pid_t child = -1;
              const auto log = [] { (void)log_next(by_thread); };
              reached = SingleStep::run(n, log, [&] { child = ::fork(); });
              if (child == 0) {
                for (int i = 0; i < 3; ++i) log();
                ::_exit(session->stats().accepted >= 3 ? 0 : 1);
              }
              int status = 0;
              if (reached && (waitpid(child, &status, 0) != child || status != 0))
                wrong = "instruction " + std::to_string(n) + ", status " + std::to_string(status);
            }).join();
          expect(wrong.empty(), wrong);
          expect(n > 200, "a first call has more than " + std::to_string(n) + " instructions");
          expect(session->stats().closes(), "books");
        }) == "");
}

#endif
