#include "dlt/session.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <cerrno>
#include <optional>

#include "dlt/dlt.hpp"
#include "support/fake_daemon.hpp"
#include "support/isolated.hpp"
#include "support/logged.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

Options options_for(const TempDir& dir) {
  Options o;
  o.app = "APP1";
  o.description = "an application";
  o.address = "unix:" + dir / "d.sock";
  return o;
}

Session started(const Options& o) {
  auto session = start(o);
  expect(session.has_value(), "start: " + session.error().message());
  return std::move(*session);
}

std::uint64_t number(std::uint64_t n) { return n; }

}  // namespace

TEST_CASE("messages wait for a daemon that comes later, and arrive in order") {
  CHECK(isolated([] {
          TempDir dir;
          auto session = started(options_for(dir));
          Context c{"CTX1", "a context"};
          for (std::uint64_t i = 0; i < 1000; ++i) expect(DLT_INFO(c, "{}", number(i)), "logged");
          expect(!session.flush(1ms), "nobody to flush to");
          expect_equal(session.stats().queued, 1000U, "queued");

          FakeDaemon daemon(dir / "d.sock");
          expect(session.flush(30s), "flush");
          expect(daemon.sees_frames(1000), "frames");

          const auto got = first_numbers(daemon.frames());
          for (std::uint64_t i = 0; i < 1000; ++i) expect_equal(got[i], i, "order");
          expect(daemon.sees("hello") && daemon.sees("app APP1") && daemon.sees("context CTX1 -2"), "registered");
          expect(daemon.sees("memfd") && daemon.descriptor_came(), "the arena was announced");
          const Stats s = session.stats();
          expect(s.closes() && s.delivered == 1000 && s.queued == 0, "books");
        }) == "");
}

TEST_CASE("the end of a session says good-bye after its last message") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          {
            auto session = started(options_for(dir));
            Context c{"CTX1"};
            for (std::uint64_t i = 0; i < 500; ++i) DLT_INFO(c, "{}", number(i));
          }
          expect(daemon.sees("bye"), "bye");
          expect_equal(daemon.frame_count(), 500U, "all came before");
          expect(daemon.sees("unapp"), "unregistered");
          expect(daemon.sees("disconnected"), "closed");
        }) == "");
}

TEST_CASE("an end without a daemon is bounded and counts what it could not deliver") {
  CHECK(isolated([] {
          TempDir dir;
          Options o = options_for(dir);
          o.exit_flush = 50ms;
          Context c{"CTX1"};
          {
            auto session = started(o);
            for (std::uint64_t i = 0; i < 100; ++i) DLT_INFO(c, "{}", number(i));
          }
          expect(!DLT_INFO(c, "after the end"), "nothing is accepted after the end");
          auto again = started(o);
          const Stats s = again.stats();
          expect_equal(s.dropped.at_exit, 100U, "lost at exit");
          expect(s.closes() && s.queued == 0, "books");
        }) == "");
}

TEST_CASE("a session can be started again and delivers") {
  CHECK(isolated([] {
          TempDir dir;
          Context c{"CTX1"};
          FakeDaemon daemon(dir / "d.sock");
          for (std::size_t round = 1; round <= 3; ++round) {
            {
              auto session = started(options_for(dir));
              DLT_INFO(c, "{}", number(round));
              expect(session.flush(30s), "flush");
            }
            expect(daemon.sees_frames(round), "frame");
            expect(eventually([&] { return daemon.count("bye") == round; }), "end");
          }
        }) == "");
}

TEST_CASE("start refuses wrong options and a second start") {
  CHECK(isolated([] {
          TempDir dir;
          Options o = options_for(dir);
          o.buffer_count = 99;
          expect(start(o).error() == Errc::invalid_argument, "wrong option");
          auto session = started(options_for(dir));
          expect(start(options_for(dir)).error() == Errc::already_started, "second start");
        }) == "");
}

TEST_CASE("a client's level change and injection reach the context") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          auto session = started(options_for(dir));
          Context c{"CTX1"};
          std::atomic<int> changed{0};
          std::atomic<std::uint32_t> service{0};
          std::string data;
          c.on_level_change([&](Level l) { changed = static_cast<int>(l); });
          c.on_injection(0x1234, [&](std::uint32_t s, std::span<const std::byte> d) {
            data = proto::as_text(d);
            service = s;
          });
          expect(daemon.sees("context CTX1 -2"), "registered");
          expect(c.level() == Level::info && !DLT_DEBUG(c, "off"), "info by default");

          daemon.send(proto::local::LogLevel{5, 0, daemon.positions_});
          expect(eventually([&] { return changed == 5; }), "callback");
          expect(DLT_DEBUG(c, "on"), "debug is on");
          daemon.send(proto::local::LogLevel{200, 0, daemon.positions_});
          daemon.send(proto::local::LogLevel{1, 0, 77});
          daemon.send(proto::local::Injection{daemon.positions_, 0x1234, proto::as_bytes("hello")});
          expect(eventually([&] { return service == 0x1234; }), "injected");

          expect(data == "hello", "data");
          expect(c.level() == Level::debug, "bad levels and positions change nothing");
        }) == "");
}

TEST_CASE("a lost connection is made again, contexts register again, nothing is lost or doubled") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          auto session = started(options_for(dir));
          Context c{"CTX1"};
          DLT_INFO(c, "{}", number(0));
          expect(session.flush(30s) && daemon.sees_frames(1), "first");

          daemon.hang_up();
          expect(eventually([&] { return daemon.count("context CTX1 -2") == 2; }), "registered again");
          for (std::uint64_t i = 1; i < 300; ++i) DLT_INFO(c, "{}", number(i));
          expect(session.flush(30s) && daemon.sees_frames(300), "the rest");

          const auto got = first_numbers(daemon.frames());
          for (std::uint64_t i = 0; i < 300; ++i) expect_equal(got[i], i, "order");
          expect(session.stats().connects == 2 && session.stats().closes(), "books");
        }) == "");
}

TEST_CASE("a daemon that says hello late is taken at its word from then on: batches, books, acknowledgements") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock", {.answers_hello = false});
          Options o = options_for(dir);
          o.buffer.mode = OverflowMode::block;
          o.buffer.timeout = 1h;
          auto session = started(o);
          Context c{"CTX1"};
          for (int i = 0; i < 100; ++i) (void)DLT_INFO(c, "{}", i);
          expect(daemon.sees_frames(100), "one by one");

          daemon.send(proto::local::Hello{1, proto::local::capability::all, 1, EcuId("LATE"), 0, "fake"});
          expect(daemon.sees("statistics"), "heard");
          for (int i = 100; i < 20'000; ++i) (void)DLT_INFO(c, "{}", i);
          expect(session.flush(30s), "flush");
          expect(daemon.sees_frames(20'000), "the rest");
          expect_equal(daemon.count("context CTX1 -2"), std::size_t{1}, "registered once");
          const auto last = daemon.frames().back();
          expect(proto::as_text(proto::Bytes(last).subspan(4, 4)) == "LATE", "its ECU id");

          // What it has acknowledged does not come again: both count the same bytes.
          expect(eventually([&] { return session.stats().delivered == 20'000; }), "delivered");
          daemon.hang_up();
          expect(eventually([&] { return daemon.count("connected") == 2 && daemon.count("app APP1") == 2; }), "again");
          daemon.send(proto::local::Hello{1, proto::local::capability::all, 1, EcuId("LATE"), 0, "fake"});
          (void)DLT_INFO(c, "{}", 20'000);
          expect(daemon.sees_frames(20'001), "after it");
          expect_equal(daemon.frame_count(), std::size_t{20'001}, "nothing twice");
          expect(session.stats().closes(), "books");
        }) == "");
}

TEST_CASE("what was sent before a late hello is not counted twice by what the daemon acknowledges afterwards") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock", {.answers_hello = false, .acknowledges = false});
          auto session = started(options_for(dir));
          Context c{"CTX1"};
          for (int i = 0; i < 500; ++i) (void)DLT_INFO(c, "{}", i);
          expect(daemon.sees_frames(500), "one by one");
          daemon.send(proto::local::Hello{1, proto::local::capability::all, 1, EcuId("LATE"), 0, "fake"});
          expect(daemon.sees("statistics"), "heard");
          const std::uint64_t before = daemon.position_;
          for (int i = 0; i < 10; ++i) (void)DLT_INFO(c, "{}", i);
          expect(session.flush(30s) && daemon.sees_frames(510), "batches");

          // All but those ten; so they come again, and nothing else does.
          daemon.send(proto::local::Ack{before});
          expect(daemon.has_said_all(), "acknowledged");
          daemon.hang_up();
          expect(eventually([&] { return daemon.count("app APP1") == 2; }), "again");
          daemon.send(proto::local::Hello{1, proto::local::capability::all, 1, EcuId("LATE"), 0, "fake"});
          expect(daemon.sees_frames(520), "the ten");
          (void)DLT_INFO(c, "{}", 10);
          expect(session.flush(30s) && daemon.sees_frames(521), "the next");
          expect_equal(daemon.frame_count(), std::size_t{521}, "nothing else");
        }) == "");
}

TEST_CASE("a daemon that does not say hello gets one frame a message") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock", {.answers_hello = false});
          auto session = started(options_for(dir));
          Context c{"CTX1"};
          // 2,048 fit, the rest is lost unless the greeting timed out in between.
          expect(!session.set_overflow(2, OverflowMode::drop_newest), "mode");
          expect(!session.set_overflow(3, OverflowMode::drop_newest), "mode");
          for (std::uint64_t i = 0; i < 2500; ++i) DLT_INFO(c, "{}", number(i));
          expect(session.flush(30s), "flush");
          const auto sent = session.stats().delivered;
          expect(sent >= 1500 && daemon.sees_frames(sent), "frames");
          const auto got = first_numbers(daemon.frames());
          for (std::uint64_t i = 0; i < 1500; ++i) expect_equal(got[i], i, "order");
          expect(eventually([&] { return daemon.lost_ == session.stats().dropped.total(); }), "and how many were lost");
          for (const auto& event : daemon.events())
            expect(event != "statistics" && event != "rubbish", "got a " + event);
          // It may be ours, and busy.
          expect(daemon.count("memfd") == 1 && daemon.descriptor_came(), "memory");
        }) == "");
}

TEST_CASE("a daemon that stops reading costs what the mode says, and the rest arrives whole and in order") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          Options o = options_for(dir);
          o.buffer.mode = OverflowMode::drop_newest;
          auto session = started(o);
          Context c{"CTX1"};
          DLT_INFO(c, "{}", number(0));
          expect(session.flush(30s) && daemon.sees_frames(1), "first");
          daemon.set_reads(false);

          const std::string text(500, 'x');
          std::uint64_t i = 1;
          const bool filled = eventually([&] {
            for (int n = 0; n < 1000; ++n) DLT_INFO(c, "{}{}", number(i++), text);
            return session.stats().dropped.full > 1000;
          });
          expect(filled, "full");
          expect(!session.flush(1ms), "nothing goes");
          daemon.set_reads(true);
          expect(session.flush(30s), "flush");

          const Stats s = session.stats();
          expect(s.closes(), "books");
          expect(daemon.sees_frames(s.delivered), "all that was delivered");
          const auto got = first_numbers(daemon.frames());
          for (std::size_t n = 1; n < got.size(); ++n) expect(got[n] > got[n - 1], "order");
        }) == "");
}

TEST_CASE("several senders share one connection") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          Options o = options_for(dir);
          o.senders = 4;
          o.buffer.mode = OverflowMode::block;
          o.buffer.timeout = 60s;
          auto session = started(o);
          std::vector<std::thread> threads;
          for (std::uint64_t t = 0; t < 4; ++t)
            threads.emplace_back([t] {
              Context c{"CTX1"};
              for (std::uint64_t i = 0; i < 20'000; ++i) DLT_INFO(c, "{}", number(t << 32 | i));
            });
          for (auto& t : threads) t.join();
          expect(session.flush(60s) && daemon.sees_frames(80'000), "frames");
          std::array<std::uint64_t, 4> next{};
          for (const auto n : first_numbers(daemon.frames())) expect_equal(n & 0xffffffff, next[n >> 32]++, "order");
          expect(session.stats().closes(), "books");
        }) == "");
}

TEST_CASE("a forked child logs under its own registration, and the parent goes on") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          auto session = started(options_for(dir));
          Context c{"CTX1"};
          DLT_INFO(c, "{}", number(1));
          expect(session.flush(30s) && daemon.sees_frames(1), "parent");

          const pid_t child = fork();
          if (child == 0) {
            DLT_INFO(c, "{}", number(2));
            ::_exit(session.flush(30s) && session.stats().closes() ? 0 : 1);
          }
          int status = -1;
          waitpid(child, &status, 0);
          expect(status == 0, "the child flushed");
          DLT_INFO(c, "{}", number(3));
          expect(session.flush(30s) && daemon.sees_frames(3), "parent again");

          // Parent and child have a connection each: which one the daemon reads first is not theirs to say.
          const auto frames = daemon.frames();
          const auto numbers = first_numbers(frames);
          std::string seen;
          std::vector<std::uint32_t> sessions(4);
          for (std::size_t i = 0; i < frames.size(); ++i) {
            seen += " " + std::to_string(numbers[i]);
            if (numbers[i] < 4) sessions[numbers[i]] = proto::MessageView::parse(frames[i])->standard().session;
          }
          auto sorted = numbers;
          std::sort(sorted.begin(), sorted.end());
          expect(sorted == std::vector<std::uint64_t>{1, 2, 3}, "one each, got" + seen);
          expect_equal(sessions[1], static_cast<std::uint32_t>(getpid()), "parent's pid");
          expect_equal(sessions[2], static_cast<std::uint32_t>(child), "child's pid");
          expect_equal(sessions[3], static_cast<std::uint32_t>(getpid()), "parent's pid again");
        }) == "");
}

TEST_CASE("a flush that waits costs no processor time") {
  CHECK(isolated([] {
          TempDir dir;
          auto session = started(options_for(dir));
          Context c{"CTX1"};
          DLT_INFO(c, "nobody takes this");
          rusage before{};
          ::getrusage(RUSAGE_SELF, &before);
          expect(!session.flush(500ms), "nobody to flush to");
          rusage after{};
          ::getrusage(RUSAGE_SELF, &after);
          const long sleeps = after.ru_nvcsw - before.ru_nvcsw;
          expect(sleeps < 300, "slept " + std::to_string(sleeps) + " times");
        }) == "");
}

TEST_CASE("the longest limit that there is does not wrap") {
  CHECK(isolated([] {
          TempDir dir;
          Options o = options_for(dir);
          o.recorder_level = Level::verbose;
          std::optional<Session> session = started(o);
          Context c{"CTX1"};
          DLT_INFO(c, "waits");
          std::atomic<int> flushed{-1};
          std::jthread flushes([&] { flushed = session->flush(std::chrono::milliseconds::max()) ? 1 : 0; });
          std::string problem;
          std::jthread asks([&] { problem = session->snapshot("test", std::chrono::milliseconds::max()).problem; });
          {
            FakeDaemon daemon(dir / "d.sock");
            flushes.join();
            expect(daemon.sees("snapshot test"), "asked");
          }
          Session ends = std::move(*session);
          { const Session at_once = std::move(ends); }
          asks.join();
          expect_equal(flushed.load(), 1, "flush");
          expect(problem == "the session has ended", problem);
        }) == "");
}

TEST_CASE("a call that waits for room in vain leaves errno as it was") {
  CHECK(isolated([] {
          TempDir dir;
          Options o = options_for(dir);
          o.buffer = {8, OverflowMode::block, 5ms};
          auto session = started(o);
          Context c{"CTX1"};
          for (std::uint64_t i = 0; i < 8; ++i) expect(DLT_INFO(c, "{}", number(i)), "room");
          errno = 4711;
          const bool taken = DLT_INFO(c, "{}", number(8));
          expect_equal(errno, 4711, "errno");
          expect(!taken && session.stats().dropped.timed_out == 1, "waited");
        }) == "");
}

TEST_CASE("a process that is forked while another thread of a forked child logs its first message logs, too") {
  CHECK(isolated([] {
          TempDir dir;
          auto session = started(options_for(dir));
          Context c{"CTX1"};
          for (int round = 0; round < 20; ++round) {
            const pid_t child = fork();
            if (child == 0) {
              std::atomic<bool> logged{false};
              std::thread first([&] { DLT_INFO(c, "the child"), logged = true; });
              int lost = 0;
              for (bool last = false; !last;) {
                last = logged;
                const pid_t grandchild = fork();
                if (grandchild == 0) ::_exit(DLT_INFO(c, "the grandchild") ? 0 : 1);
                int status = -1;
                waitpid(grandchild, &status, 0);
                lost += status == 0 ? 0 : 1;
              }
              first.join();
              ::_exit(lost == 0 ? 0 : 1);
            }
            int status = -1;
            waitpid(child, &status, 0);
            expect_equal(status, 0, "all logged, round " + std::to_string(round));
          }
        }) == "");
}
