// A forked child has a session of its own: made by its first log call, or by dlt::start, but one.
#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <barrier>
#include <thread>

#include "dlt/dlt.hpp"
#include "libdlt-user/support/with_daemon.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

// What the child found wrong; 0: nothing.
int race(const Options& o, Context& c) {
  std::barrier<> both(2);
  std::error_code refused;
  std::optional<Session> session;
  std::thread logs([&] {
    both.arrive_and_wait();
    for (int i = 0; i < 50; ++i) DLT_INFO(c, "{}", i);
  });
  std::thread starts([&] {
    both.arrive_and_wait();
    auto s = start(o);
    if (s) session.emplace(std::move(*s));
    else refused = s.error();
  });
  logs.join();
  starts.join();
  if (!session && refused != make_error_code(Errc::already_started)) return 1;
  if (!DLT_INFO(c, "once more")) return 2;
  const Stats s = session ? session->stats() : Stats{};
  if (session && (!session->flush(60s) || !session->stats().closes())) return 3;
  if (session && s.accepted == 0) return 4;
  return 0;
}

}  // namespace

TEST_CASE("a forked child that starts a session just when it logs its first message has one session") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          Options o;
          o.app = "APP1";
          o.address = "unix:" + dir / "d.sock";
          o.buffer.mode = OverflowMode::block;
          auto session = start(o);
          expect(session.has_value(), "start");
          Context c{"CTX1"};
          expect(daemon.sees("context CTX1 -2"), "registered");
          for (std::size_t children = 1; children <= 50; ++children) {
            const pid_t child = ::fork();
            if (child == 0) ::exit(race(o, c));
            int status = 0;
            expect(::waitpid(child, &status, 0) == child, "waited");
            expect(WIFEXITED(status), "the child has ended by a signal");
            expect_equal(WEXITSTATUS(status), 0, "what was wrong in the child");
            expect(eventually([&] { return daemon.count("bye") == children; }), "said good-bye");
            expect_equal(daemon.count("connected"), children + 1, "connections");
          }
        }) == "");
}
