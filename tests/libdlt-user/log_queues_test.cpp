// What becomes of messages between the call and the daemon: order, overflow, threads that come and go.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <latch>
#include <thread>

#include "dlt/dlt.hpp"
#include "support/logged.hpp"
#include "support/with_daemon.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

TEST_CASE("messages that differ in importance overtake each other, those of one buffer do not") {
  CHECK(isolated([] {
          TempDir dir;
          Options o;
          o.app = "APP1";
          o.address = "unix:" + dir / "d.sock";
          auto s = start(o);
          Context c{"CTX1"};
          for (std::uint64_t i = 0; i < 10; ++i) DLT_INFO(c, "{}", i);
          DLT_INFO(c.in(Buffer{0}), "{}", std::uint64_t{50});
          DLT_ERROR(c, "{}", std::uint64_t{100});
          DLT_FATAL(c, "{}", std::uint64_t{200});
          FakeDaemon daemon(dir / "d.sock");
          expect(s->flush(30s) && daemon.sees_frames(13), "frames");
          const auto got = first_numbers(daemon.frames());
          expect(got == std::vector<std::uint64_t>{50, 200, 100, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "urgent first");
          const auto b = s->stats().buffers;
          expect(b[0].accepted == 2 && b[1].accepted == 1 && b[2].accepted + b[3].accepted == 10, "by buffer");
        }) == "");
}

TEST_CASE("each overflow mode keeps what it promises, and can be switched while running") {
  CHECK(isolated([] {
          TempDir dir;
          Options o;
          o.app = "APP1";
          o.address = "unix:" + dir / "d.sock";
          o.buffer_count = 1;
          o.buffer.capacity = 800;
          auto s = start(o);
          Context c{"CTX1"};
          for (std::uint64_t i = 0; i < 5000; ++i) DLT_INFO(c, "{}", i);  // overwrite
          const auto kept = s->stats().queued;
          expect(kept > 690 && kept <= 800, "overwrite keeps at least seven eighths");
          expect(!s->set_overflow(0, OverflowMode::drop_newest), "switch");
          expect(s->set_overflow(1, OverflowMode::drop_newest) == Errc::invalid_argument, "no such buffer");
          for (std::uint64_t i = 5000; i < 6000; ++i) DLT_INFO(c, "{}", i);
          expect_equal(s->stats().queued, 800U, "filled up, then the newest are not taken");
          expect(!s->set_overflow(0, OverflowMode::block, 1ms), "switch");
          expect(!DLT_INFO(c, "{}", std::uint64_t{7000}), "block gives up");
          expect_equal(s->stats().dropped.timed_out, 1U, "timed out");

          FakeDaemon daemon(dir / "d.sock");
          expect(s->flush(30s) && daemon.sees_frames(800), "frames");
          const auto got = first_numbers(daemon.frames());
          for (std::uint64_t i = 0; i < kept; ++i)
            expect_equal(got[i], 5000 - kept + i, "the newest of the first part");
          for (std::uint64_t i = kept; i < 800; ++i) expect_equal(got[i], 5000 + i - kept, "the oldest of the second");
          expect(s->stats().closes(), "books");
          expect(eventually([&] { return daemon.lost_ == s->stats().dropped.total(); }), "the daemon was told");
        }) == "");
}

TEST_CASE("eight threads in each overflow mode: the books close exactly") {
  const auto mode = GENERATE(OverflowMode::overwrite, OverflowMode::drop_newest, OverflowMode::block);
  CAPTURE(static_cast<int>(mode));
  CHECK(isolated([mode] {
          Options o;
          o.buffer.mode = mode;
          o.buffer.timeout = 60s;
          with_daemon(
              [mode](Session& s, FakeDaemon& d, Context&) {
                constexpr std::uint64_t each = 20'000;
                // All live at once: a thread that comes later would take over, and overwrite, the queue of one that
                // ended.
                std::latch all_here(8);
                std::vector<std::thread> threads;
                for (std::uint64_t t = 0; t < 8; ++t)
                  threads.emplace_back([t, &all_here] {
                    Context own{"THR1"};
                    DLT_INFO(own, "{}", t << 32);
                    all_here.arrive_and_wait();
                    for (std::uint64_t i = 1; i < each; ++i) DLT_INFO(own, "{}", t << 32 | i);
                  });
                for (auto& t : threads) t.join();
                expect(s.flush(60s), "flush");
                const Stats st = s.stats();
                expect_equal(st.accepted, 8 * each, "accepted");
                expect(st.closes() && st.queued == 0, "books");
                if (mode == OverflowMode::block) expect_equal(st.delivered, 8 * each, "nothing lost");
                expect(d.sees_frames(st.delivered), "arrived");
                expect_equal(d.frame_count(), st.delivered, "no more than that");
                std::array<std::int64_t, 8> last;
                last.fill(-1);
                for (const auto n : first_numbers(d.frames())) {
                  const auto i = static_cast<std::int64_t>(n & 0xffffffff);
                  expect(i > last[n >> 32], "order of a thread");
                  last[n >> 32] = i;
                }
                if (mode == OverflowMode::overwrite)
                  for (const auto l : last) expect_equal(l, static_cast<std::int64_t>(each - 1), "the newest came");
              },
              o);
        }) == "");
}

TEST_CASE("threads that end leave nothing behind, and their queues are used again") {
  CHECK(isolated([] {
          Options o;
          o.buffer.mode = OverflowMode::block;
          o.buffer.timeout = 60s;
          with_daemon(
              [](Session& s, FakeDaemon& d, Context& c) {
                for (std::uint64_t t = 0; t < 300; ++t)
                  std::thread([&c, t] {
                    for (std::uint64_t i = 0; i < 10; ++i) DLT_INFO(c, "{}", t * 10 + i);
                  }).join();
                expect(s.flush(30s) && d.sees_frames(3000), "frames");
                auto got = first_numbers(d.frames());
                std::sort(got.begin(), got.end());
                for (std::uint64_t i = 0; i < 3000; ++i) expect_equal(got[i], i, "each once");
                expect(s.stats().closes(), "books");
              },
              o);
        }) == "");
}

TEST_CASE("a new thread has its whole capacity, whatever the thread before it left behind") {
  CHECK(isolated([] {
          TempDir dir;
          Options o;
          o.app = "APP1";
          o.address = "unix:" + dir / "nobody.sock";
          o.buffer_count = 1;
          o.buffer.capacity = 100;
          o.buffer.mode = OverflowMode::drop_newest;
          o.exit_flush = 0ms;
          auto s = start(o);
          Context c{"CTX1"};
          for (int t = 0; t < 3; ++t)
            std::thread([&c] {
              for (std::uint64_t i = 0; i < 100; ++i) DLT_INFO(c, "{}", i);
            }).join();
          expect_equal(s->stats().queued, 300U, "nothing was refused or overwritten");
          for (int t = 0; t < 200; ++t) std::thread([&c] { DLT_INFO(c, "x"); }).join();
          expect(s->stats().closes() && s->stats().queued < 600, "but their number is bounded");
        }) == "");
}
