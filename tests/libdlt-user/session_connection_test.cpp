// A session and its connection: broken and made again, to daemons that say hello late or never, shared by senders.
#include <catch2/catch.hpp>

#include <optional>

#include "dlt/dlt.hpp"
#include "support/fake_daemon.hpp"
#include "support/isolated.hpp"
#include "support/logged.hpp"
#include "support/started.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

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
