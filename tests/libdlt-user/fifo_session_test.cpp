// A session whose daemon is the incumbent's: through its FIFO, by name or because nobody of ours answers.
#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "dlt/dlt.hpp"
#include "support/fake_daemon.hpp"
#include "support/fake_fifo_daemon.hpp"
#include "support/isolated.hpp"
#include "support/leak_check.hpp"
#include "support/logged.hpp"
#include "support/started.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

Options by_fifo(const TempDir& dir) {
  Options o = options_for(dir);
  o.address = "fifo:" + dir.path().string();
  return o;
}

std::string pipe_of(const TempDir& dir, pid_t pid) { return dir / ("dltpipes/dlt" + std::to_string(pid)); }

void expect_numbers(const std::vector<std::vector<std::byte>>& frames, std::uint64_t count) {
  const auto got = first_numbers(frames);
  expect_equal(got.size(), count, "frames");
  for (std::uint64_t i = 0; i < count; ++i) expect_equal(got[i], i, "order");
}

// Where nobody of ours answers, and the folder of the incumbent's FIFO.
void set_defaults(const TempDir& dir) {
  ::setenv("XDG_RUNTIME_DIR", (dir / "run").c_str(), 1);
  ::setenv("DLT_PIPE_DIR", dir.path().c_str(), 1);
  std::filesystem::create_directories(dir / "run/dlt");
}

}  // namespace

TEST_CASE("through the FIFO messages wait for a daemon that comes later, and arrive in order") {
  CHECK(isolated([] {
          TempDir dir;
          auto session = started(by_fifo(dir));
          Context c{"CTX1", "a context"};
          for (std::uint64_t i = 0; i < 1000; ++i) expect(DLT_INFO(c, "{}", number(i)), "logged");
          expect(!session.flush(1ms) && !session.connected(), "nobody to flush to");

          FakeFifoDaemon daemon(dir.path());
          expect(session.flush(30s) && session.connected(), "flush");
          expect(daemon.sees_frames(1000), "frames");

          expect_numbers(daemon.frames(), 1000);
          expect(daemon.sees("app APP1 an application") && daemon.sees("answers"), "registered");
          expect(daemon.sees("context CTX1 0 -2"), "context");
          expect_equal(daemon.count("rubbish"), 0U, "nothing of our own protocol");
          const Stats s = session.stats();
          expect(s.closes() && s.delivered == 1000 && s.queued == 0 && s.connects == 1, "books");
        }) == "");
}

TEST_CASE("through the FIFO the end of a session is told after its last message, and its pipe is removed") {
  CHECK(isolated([] {
          TempDir dir;
          FakeFifoDaemon daemon(dir.path());
          {
            auto session = started(by_fifo(dir));
            Context c{"CTX1"};
            {
              Context gone{"CTX2"};
              DLT_INFO(gone, "{}", number(0));
              expect(daemon.sees("context CTX2 1 -2"), "registered");
            }
            for (std::uint64_t i = 1; i < 500; ++i) DLT_INFO(c, "{}", number(i));
            expect(daemon.sees("uncontext CTX2"), "unregistered alone");
            expect(std::filesystem::exists(pipe_of(dir, ::getpid())), "the pipe is there");
          }
          expect(daemon.sees("unapp APP1"), "unregistered");
          expect_numbers(daemon.frames(), 500);
          expect(!std::filesystem::exists(pipe_of(dir, ::getpid())), "the pipe is removed");
        }) == "");
}

TEST_CASE("through the FIFO levels and injections reach the context, and nothing that only our daemon may say") {
  CHECK(isolated([] {
          TempDir dir;
          FakeFifoDaemon daemon(dir.path());
          auto session = started(by_fifo(dir));
          Context c{"CTX1"};
          Context with_level{"CTX2", "", Level::warn};
          std::atomic<int> changed{0};
          std::atomic<std::uint32_t> service{0};
          std::string data;
          c.on_level_change([&](Level l) { changed = static_cast<int>(l); });
          c.on_injection(0x1234, [&](std::uint32_t s, std::span<const std::byte> d) {
            data = proto::as_text(d);
            service = s;
          });
          expect(daemon.sees("context CTX1 0 -2") && daemon.sees("context CTX2 1 3"), "registered");

          expect(daemon.send(proto::local::LogState{1}), "log state");
          expect(daemon.send(proto::local::SetOverflowMode{0xff, 1, 0}), "overflow mode");
          expect(daemon.send(proto::local::LogLevel{5, 1, 0}), "level");
          expect(eventually([&] { return changed == 5; }), "callback");
          expect(DLT_DEBUG(c, "on") && !DLT_INFO(with_level, "off"), "levels");
          const std::string longest(60'000, 'i');
          expect(daemon.send(proto::local::Injection{0, 0x1234, proto::as_bytes(longest)}), "injection");
          expect(eventually([&] { return service == 0x1234; }), "injected");
          expect(data == longest, "data");
          expect(session.stats().buffers[0].options.mode == OverflowMode::overwrite, "the mode is ours");
        }) == "");
}

TEST_CASE("a daemon that is killed and comes again through the FIFO is told everything again; nothing is lost") {
  CHECK(isolated([] {
          TempDir dir;
          auto daemon = std::make_optional<FakeFifoDaemon>(dir.path());
          Options o = by_fifo(dir);
          o.buffer = {.capacity = 100'000, .mode = OverflowMode::block, .timeout = 1h};
          auto session = started(o);
          Context c{"CTX1"};
          std::vector<std::vector<std::byte>> got;
          std::uint64_t sent = 0;
          for (unsigned round = 1; round <= 3; ++round) {
            expect(daemon->sees("app APP1 an application") && daemon->sees("context CTX1 0 -2"), "registered");
            for (int i = 0; i < 2000; ++i) DLT_INFO(c, "{}", number(sent++));
            expect(session.flush(30s), "flush");
            expect(daemon->sees_frames(2000 + (round > 1 ? 1000 : 0)), "frames");
            const auto more = daemon->frames();
            got.insert(got.end(), more.begin(), more.end());
            daemon.reset();
            expect(eventually([&] { return !session.connected(); }), "the end is noticed without a message");
            for (int i = 0; i < 1000; ++i) DLT_INFO(c, "{}", number(sent++));
            daemon.emplace(dir.path());
          }
          expect(daemon->sees_frames(1000), "the last ones");
          const auto more = daemon->frames();
          got.insert(got.end(), more.begin(), more.end());
          expect_numbers(got, sent);
          expect(session.stats().closes() && session.stats().connects == 4, "books");
        }) == "");
}

TEST_CASE("a FIFO that nobody empties holds up who waits for room, and the books close in every mode") {
  CHECK(isolated([] {
          TempDir dir;
          FakeFifoDaemon daemon(dir.path(), false);
          Options o = by_fifo(dir);
          o.buffer_count = 3;
          o.buffer.capacity = 1000;
          o.buffers = {BufferOptions{1000, OverflowMode::overwrite, 0ms},
                       BufferOptions{1000, OverflowMode::drop_newest, 0ms},
                       BufferOptions{1000, OverflowMode::block, 20ms}};
          auto session = started(o);
          Context c{"CTX1"};
          for (std::uint64_t i = 0; i < 20'000; ++i) DLT_FATAL(c, "{}", number(i));
          for (std::uint64_t i = 0; i < 20'000; ++i) DLT_ERROR(c, "{}", number(i));
          while (session.stats().dropped.timed_out == 0) DLT_INFO(c, "{}", number(0));
          const Stats full = session.stats();
          expect(full.closes(), "books while it is full");
          expect(full.dropped.overwritten > 0 && full.dropped.full > 0, "each mode has lost some");
          expect(!session.flush(1ms), "no room");

          daemon.set_reads(true);
          expect(session.flush(30s), "flush");
          const Stats s = session.stats();
          for (const auto& b : s.buffers) expect(b.closes(), "books");
          expect(s.queued == 0 && daemon.sees_frames(s.delivered), "everything that is left arrives");
          expect_equal(daemon.frame_count(), s.delivered, "and nothing else");
          expect(eventually([&] { return daemon.lost() == s.dropped.total(); }), "the loss is told");
          expect_equal(daemon.count("rubbish"), 0U, "nothing torn");
        }) == "");
}

TEST_CASE("an end with a FIFO that nobody empties is bounded and counts what is left") {
  CHECK(isolated([] {
          TempDir dir;
          FakeFifoDaemon daemon(dir.path(), false);
          Options o = by_fifo(dir);
          o.exit_flush = 50ms;
          o.buffer = {.capacity = 5000, .mode = OverflowMode::drop_newest, .timeout = 0ms};
          Context c{"CTX1"};
          std::uint64_t accepted = 0;
          {
            auto session = started(o);
            expect(eventually([&] { return session.connected(); }), "connected");
            for (std::uint64_t i = 0; i < 5000; ++i) accepted += DLT_INFO(c, "{}", number(i)) ? 1U : 0U;
          }
          expect(!std::filesystem::exists(pipe_of(dir, ::getpid())), "the pipe is removed");
          o.address = "unix:" + dir / "nobody.sock";
          auto again = started(o);
          const Stats s = again.stats();
          expect(s.closes() && s.dropped.at_exit > 0 && s.queued == 0, "books");
          expect_equal(s.delivered + s.dropped.at_exit, accepted, "each message once");
          daemon.set_reads(true);
          expect(daemon.sees_frames(s.delivered), "what the pipe had is the daemon's");
        }) == "");
}

TEST_CASE("by name the FIFO gets no message that is too long for one write: it is cut") {
  CHECK(isolated([] {
          TempDir dir;
          FakeFifoDaemon daemon(dir.path());
          auto session = started(by_fifo(dir));
          Context c{"CTX1"};
          expect(DLT_INFO(c, "{}", std::string(9000, 'x')), "logged");
          expect(session.flush(30s) && daemon.sees_frames(1), "arrives");
          expect_equal(daemon.frames()[0].size(), 4088U, "as long as can be");
          expect(payload_of(daemon.frames()[0]).find("Message truncated") != std::string::npos, "marked");
        }) == "");
}

TEST_CASE("a message that turns out too long for the FIFO is lost alone, and counted") {
  CHECK(isolated([] {
          TempDir dir;
          set_defaults(dir);
          Options o = by_fifo(dir);
          o.address.clear();
          auto session = started(o);
          Context c{"CTX1"};
          std::uint64_t sent = 0;
          for (int i = 0; i < 300; ++i) {
            DLT_INFO(c, "{}", number(sent++));
            if (i % 3 == 0) DLT_INFO(c, "{}", std::string(5000, 'x'));
          }
          FakeFifoDaemon daemon(dir.path());
          expect(session.flush(30s) && daemon.sees_frames(sent), "the others arrive");
          expect_numbers(daemon.frames(), sent);
          const Stats s = session.stats();
          expect_equal(s.dropped.too_large, 100U, "too large");
          expect(s.closes() && s.delivered == sent && s.queued == 0, "books");
          expect(eventually([&] { return daemon.lost() == 100; }), "told");
        }) == "");
}

TEST_CASE("without an address the incumbent's FIFO is used while nobody of ours is there, and our daemon afterwards") {
  CHECK(isolated([] {
          TempDir dir;
          set_defaults(dir);
          Options o = by_fifo(dir);
          o.address.clear();
          auto fifo = std::make_optional<FakeFifoDaemon>(dir.path());
          auto session = started(o);
          Context c{"CTX1"};
          DLT_INFO(c, "{}", number(0));
          expect(fifo->sees_frames(1), "by the FIFO");

          FakeDaemon ours(dir / "run/dlt/app.sock");
          DLT_INFO(c, "{}", number(1));
          expect(fifo->sees_frames(2), "what works is stayed with");
          fifo.emplace(dir.path());  // a restart
          DLT_INFO(c, "{}", number(2));
          expect(ours.sees_frames(1), "at the next connection it is ours");
          expect(ours.sees("hello") && ours.sees("memfd") && ours.sees("context CTX1 -2"), "as ever");
          expect(!std::filesystem::exists(pipe_of(dir, ::getpid())), "the pipe is removed");
          expect_equal(fifo->frame_count(), 0U, "nothing goes two ways");
          expect(session.stats().closes(), "books");
        }) == "");
}

TEST_CASE("when both daemons are there, ours is used, also while it restarts") {
  CHECK(isolated([] {
          TempDir dir;
          set_defaults(dir);
          Options o = by_fifo(dir);
          o.address.clear();
          FakeFifoDaemon fifo(dir.path());
          auto ours = std::make_optional<FakeDaemon>(dir / "run/dlt/app.sock");
          auto session = started(o);
          Context c{"CTX1"};
          DLT_INFO(c, "{}", number(0));
          expect(ours->sees_frames(1), "ours");
          ours.reset();
          expect(eventually([&] { return !session.connected(); }), "gone");
          ours.emplace(dir / "run/dlt/app.sock");
          DLT_INFO(c, "{}", number(1));
          expect(ours->sees("hello"), "ours again");
          expect_equal(fifo.count("answers"), 0U, "the FIFO was not asked");

          ours.reset();  // and stays away
          expect(fifo.sees("answers"), "then the FIFO");
          DLT_INFO(c, "{}", number(2));
          expect(fifo.sees_frames(1), "goes on");
        }) == "");
}

TEST_CASE("a forked child has its own registration and its own pipe at the FIFO, and the parent goes on") {
  CHECK(isolated([] {
          TempDir dir;
          FakeFifoDaemon daemon(dir.path());
          auto session = started(by_fifo(dir));
          Context c{"CTX1"};
          DLT_INFO(c, "{}", number(1));
          expect(session.flush(30s) && daemon.sees_frames(1), "parent");
          const pid_t parent = ::getpid();
          expect_equal(daemon.pid(), parent, "the parent's pid");

          const pid_t child = ::fork();
          if (child == 0) {
            no_leak_check = true;
            const bool logged = DLT_INFO(c, "{}", number(2));
            const bool arrived = eventually([&] { return std::filesystem::exists(pipe_of(dir, ::getpid())); });
            std::exit(logged && arrived ? 0 : 1);  // as a program ends: the session's end sends what is queued
          }
          int status = -1;
          ::waitpid(child, &status, 0);
          expect_equal(status, 0, "child");
          expect(daemon.sees_frames(2) && daemon.sees("app APP1 an application", 2), "the child's message");
          expect_equal(daemon.pid(), child, "the child's pid");
          expect(!std::filesystem::exists(pipe_of(dir, child)), "the child's pipe is removed");
          expect(std::filesystem::exists(pipe_of(dir, parent)), "the parent's is not");

          DLT_INFO(c, "{}", number(3));
          expect(session.flush(30s) && daemon.sees_frames(3), "parent again");
        }) == "");
}

TEST_CASE("an application's SIGPIPE is its own: writing to a FIFO without a reader raises none, also at the end") {
  CHECK(isolated([] {
          static std::atomic<int> came{0};
          ::signal(SIGPIPE, [](int) { ++came; });
          TempDir dir;
          {
            auto daemon = std::make_optional<FakeFifoDaemon>(dir.path(), false);
            Options o = by_fifo(dir);
            o.exit_flush = 0ms;
            auto session = started(o);
            Context c{"CTX1"};
            for (std::uint64_t i = 0; i < 20'000; ++i) DLT_INFO(c, "{}", number(i));
            daemon.reset();
            for (std::uint64_t i = 0; i < 20'000; ++i) DLT_INFO(c, "{}", number(i));
          }
          expect_equal(came.load(), 0, "signals");
        }) == "");
}
