// Callbacks of the application, which run on the sender's thread: what they may do there, and when they end.
#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "dlt/dlt.hpp"
#include "support/fake_daemon.hpp"
#include "support/isolated.hpp"
#include "support/leak_check.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

std::optional<Session> session;

void start_at(const TempDir& dir) {
  auto started = start({.app = "APP1", .address = "unix:" + dir / "d.sock"});
  expect(started.has_value(), "start");
  session.emplace(std::move(*started));
}

void change_level(FakeDaemon& daemon, std::uint8_t level) {
  daemon.send(proto::local::LogLevel{level, 0, daemon.positions_});
}

// Another thread has begun to end the session when a callback does `act`.
void end_while_in_callback(const std::function<void(const TempDir&)>& act) {
  TempDir dir;
  FakeDaemon daemon(dir / "d.sock");
  start_at(dir);
  Context c{"CTX1"};
  std::atomic<bool> in_callback{false};
  std::atomic<bool> go_on{false};
  c.on_level_change([&](Level) {
    in_callback = true;
    while (!go_on) std::this_thread::yield();
    act(dir);
  });
  expect(daemon.sees("context CTX1 -2"), "registered");
  change_level(daemon, 5);
  expect(eventually([&] { return in_callback.load(); }), "callback");

  std::atomic<bool> ended{false};
  std::thread ends([&] { session.reset(), ended = true; });
  expect(eventually([&] { return !DLT_FATAL(c, "until the levels are off"); }), "the end has begun");
  go_on = true;
  expect(eventually([&] { return ended.load(); }), "ended");
  ends.join();
}

}  // namespace

TEST_CASE("a callback may end the session; it can be started again") {
  const std::string senders = GENERATE("1", "3");
  CAPTURE(senders);
  ::setenv("DLT_USER_SENDERS", senders.c_str(), 1);
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          start_at(dir);
          Context c{"CTX1"};
          std::atomic<bool> ended{false};
          c.on_level_change([&](Level) {
            DLT_INFO(c, "last words");
            session.reset();
            ended = true;
          });
          expect(daemon.sees("context CTX1 -2"), "registered");

          change_level(daemon, 5);
          expect(eventually([&] { return ended.load(); }), "ended");
          expect(!DLT_FATAL(c, "after the end"), "nothing is taken any more");
          expect(daemon.sees_frames(1), "what was accepted arrives");
          c.on_level_change({});
          start_at(dir);
          expect(DLT_INFO(c, "again") && session->flush(30s) && daemon.sees_frames(2), "the second session delivers");
        }) == "");
  ::unsetenv("DLT_USER_SENDERS");
}

TEST_CASE("a callback cannot start a session: it is told so, also when it has just ended the one there was") {
  const bool ends = GENERATE(false, true);
  CAPTURE(ends);
  CHECK(isolated([&] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          start_at(dir);
          Context c{"CTX1"};
          std::atomic<int> code{-1};
          c.on_level_change([&](Level) {
            if (ends) session.reset();
            const auto again = start({.app = "APP1", .address = "unix:" + dir / "d.sock"});
            code = again ? 0 : again.error().value();
          });
          expect(daemon.sees("context CTX1 -2"), "registered");

          change_level(daemon, 5);
          expect(eventually([&] { return code >= 0; }), "the callback ends");
          expect_equal(code.load(), static_cast<int>(Errc::already_started), "what it was told");
          c.on_level_change({});
          session.reset();
          start_at(dir);
          expect(DLT_INFO(c, "again") && session->flush(30s), "a session started elsewhere delivers");
        }) == "");
}

TEST_CASE("of contexts with one id each one's callbacks are called, in the order in which they were set") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          start_at(dir);
          std::mutex mutex;
          std::string called;
          const auto calls = [&](char who) {
            return [&called, &mutex, who](auto&&...) {
              const std::lock_guard lock(mutex);
              called += who;
            };
          };
          const auto so_far = [&] {
            const std::lock_guard lock(mutex);
            return called;
          };
          Context a{"CTX1"};
          auto b = std::make_unique<Context>("CTX1");
          Context c{"CTX1"};
          a.on_level_change(calls('x'));
          b->on_level_change(calls('b'));
          c.on_level_change(calls('c'));
          a.on_level_change(calls('a'));  // in place of the first
          c.on_injection(4096, calls('C'));
          b->on_injection(4096, calls('B'));
          b->on_injection(4097, calls('z'));
          expect(daemon.sees("context CTX1 -2"), "registered");

          change_level(daemon, 5);
          daemon.send(proto::local::Injection{daemon.positions_, 4096, {}});
          expect(eventually([&] { return so_far() == "bcaCB"; }), "called: " + so_far());
          b.reset();
          change_level(daemon, 4);
          daemon.send(proto::local::Injection{daemon.positions_, 4096, {}});
          expect(eventually([&] { return so_far() == "bcaCBcaC"; }), "called then: " + so_far());
        }) == "");
}

TEST_CASE("a callback that sets callbacks, or takes another one's context away, is called once") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          start_at(dir);
          std::atomic<int> first{0}, second{0}, third{0};
          Context a{"CTX1"};
          auto b = std::make_unique<Context>("CTX1");
          a.on_level_change([&](Level) {
            first.fetch_add(1);
            b.reset();
            a.on_level_change([&](Level) { third.fetch_add(1); });
          });
          b->on_level_change([&](Level) { second.fetch_add(1); });
          expect(daemon.sees("context CTX1 -2"), "registered");

          change_level(daemon, 5);
          change_level(daemon, 4);
          expect(eventually([&] { return third == 1; }), "the one that was set is called at the next change");
          expect_equal(first.load(), 1, "the one that set it");
          expect_equal(second.load(), 0, "the one whose context has gone");
        }) == "");
}

TEST_CASE("a callback may leave the process") {
  const std::string senders = GENERATE("1", "3");
  CAPTURE(senders);
  ::setenv("DLT_USER_SENDERS", senders.c_str(), 1);
  CHECK(isolated([] {
          TempDir dir;
          const pid_t child = fork();  // while there are no other threads: their locks would be the child's for ever
          if (child == 0) {
            ::alarm(120);
            no_leak_check = true;
            start_at(dir);
            Context c{"CTX1"};
            c.on_level_change([&](Level) { std::exit(7); });
            for (;;) ::pause();
          }
          FakeDaemon daemon(dir / "d.sock");
          expect(daemon.sees("context CTX1 -2"), "registered");
          change_level(daemon, 5);
          int status = 0;
          waitpid(child, &status, 0);
          expect(WIFEXITED(status) && WEXITSTATUS(status) == 7, "exit code, status " + std::to_string(status));
        }) == "");
  ::unsetenv("DLT_USER_SENDERS");
}

TEST_CASE("a callback may ask for statistics and flush while the session ends") {
  CHECK(isolated([] {
          end_while_in_callback([](const TempDir&) {
            (void)session->stats();
            (void)session->flush(1h);
          });
        }) == "");
}

TEST_CASE("a callback that starts a session while another thread ends it holds nobody up") {
  CHECK(isolated([] {
          end_while_in_callback(
              [](const TempDir& dir) { (void)start({.app = "APP1", .address = "unix:" + dir / "d.sock"}); });
        }) == "");
}

TEST_CASE("a context takes its callbacks along, and waits for one that runs") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          start_at(dir);
          Context stays{"CTX1"};
          std::atomic<int> stage{0};
          auto leaves = std::make_unique<Context>("CTX1");
          leaves->on_level_change([&](Level) {
            stage = 1;
            std::this_thread::yield();
            while (stage != 2) std::this_thread::yield();
            stage = 3;
          });
          expect(daemon.sees("context CTX1 -2"), "registered");
          change_level(daemon, 5);
          expect(eventually([&] { return stage == 1; }), "callback");

          std::thread lets_go([&] { stage = 2; });
          leaves.reset();
          expect_equal(stage.load(), 3, "the callback has run to its end");
          lets_go.join();

          change_level(daemon, 6);
          expect(eventually([&] { return stays.level() == Level::verbose; }), "the level still changes");
          expect_equal(stage.load(), 3, "but nobody is called");
        }) == "");
}

TEST_CASE("a callback that logs more than there is room for does not wait for its own thread to make room") {
  const std::string senders = GENERATE("1", "3");
  CAPTURE(senders);
  ::setenv("DLT_USER_SENDERS", senders.c_str(), 1);
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          Options o;
          o.app = "APP1";
          o.address = "unix:" + dir / "d.sock";
          o.buffer = {64, OverflowMode::block, 1h};
          auto started = start(o);
          expect(started.has_value(), "start");
          Context c{"CTX1"};
          std::atomic<std::uint64_t> taken{~0ULL};
          c.on_injection(0x1234, [&](std::uint32_t, std::span<const std::byte>) {
            std::uint64_t n = 0;
            for (int i = 0; i < 1000; ++i) n += DLT_INFO(c, "line {}", i) ? 1U : 0U;
            taken = n;
          });
          expect(daemon.sees("context CTX1 -2"), "registered");

          daemon.send(proto::local::Injection{daemon.positions_, 0x1234, {}});
          expect(eventually([&] { return taken != ~0ULL; }), "the callback returns");
          expect_equal(taken.load(), 64U, "as many as fit");
          expect(started->flush(30s) && daemon.sees_frames(64), "they arrive");
          const Stats s = started->stats();
          expect_equal(s.dropped.timed_out, 936U, "the others are counted");
          expect(s.closes(), "books");
        }) == "");
  ::unsetenv("DLT_USER_SENDERS");
}
