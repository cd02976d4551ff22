#include "dlt/session.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <cerrno>
#include <optional>

#include "dlt/dlt.hpp"
#include "support/fake_daemon.hpp"
#include "support/isolated.hpp"
#include "support/logged.hpp"
#include "support/started.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

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
