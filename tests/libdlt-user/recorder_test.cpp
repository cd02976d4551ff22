#include "recorder.hpp"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "core.hpp"
#include "dlt/proto/message.hpp"
#include "dlt/proto/recording.hpp"
#include "libdlt-user/support/frames.hpp"
#include "libdlt-user/support/with_daemon.hpp"

using namespace dlt;
using namespace dlt::detail;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

Options small_recorder() {
  Options o;
  o.app = "APP1";
  o.recorder_level = Level::verbose;
  o.recorder_bytes = 16 << 10;
  o.max_message = 1024;
  o.recorder_rings = 3;
  return o;
}

proto::Recording recorded(const Recorder& recorder) {
  const auto read = [&](std::uint64_t at, std::span<std::byte> into) {
    return ::pread(recorder.fd(), into.data(), into.size(), static_cast<off_t>(at)) ==
           static_cast<ssize_t>(into.size());
  };
  auto r = proto::Recording::read(read, recorder.shape().size(), stamp_from_clock());
  if (!r) throw std::runtime_error("the recorder makes no sense");
  return *std::move(r);
}

void put(RecorderRing& ring, std::uint64_t number, std::size_t size = frame_size) {
  std::vector<std::byte> frame(size);
  put_frame(frame.data(), number, size);
  ring.copy(frame.data(), frame.size());
}

std::vector<std::uint64_t> numbers_of(const proto::Recording& r) {
  std::vector<std::uint64_t> all;
  for (const auto& e : r.entries()) all.push_back(proto::load_le<std::uint64_t>(r.frame(e).data() + 26));
  return all;
}

// The first argument of each message in the process's own recorder, a u32 or u64.
std::vector<std::uint64_t> recorded_here() {
  const auto r = recorded(Core::get()->recorder());
  std::vector<std::uint64_t> all;
  for (const auto& e : r.entries()) {
    const auto m = proto::MessageView::parse(r.frame(e));
    expect(m.has_value(), "whole messages");
    auto a = m->arguments();
    const auto first = a.next();
    expect(first.has_value(), "an argument");
    all.push_back(std::get<std::uint64_t>(first->value));
  }
  expect(r.broken() == 0, "no broken segments");
  return all;
}

Options recording(Level level = Level::verbose) {
  Options o;
  o.recorder_level = level;
  return o;
}

std::string said(const std::vector<std::uint64_t>& all) {
  std::string text;
  for (const auto n : all) text += std::to_string(n) + " ";
  return text;
}

}  // namespace

TEST_CASE("a ring keeps the newest messages, the last of them the newest, and as many bytes as it was made for") {
  Recorder recorder;
  REQUIRE_FALSE(recorder.open(small_recorder()));
  RecorderRing* ring = recorder.adopt(2);
  REQUIRE(ring != nullptr);

  for (std::uint64_t i = 0; i < 5000; ++i) put(*ring, i, 40 + i % 200);

  const auto all = numbers_of(recorded(recorder));
  REQUIRE(!all.empty());
  CHECK(all.back() == 4999);
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i] == all[i - 1] + 1);
  std::size_t bytes = 0;
  for (const auto n : all) bytes += 40 + n % 200;
  CHECK(bytes >= (16U << 10) - 8 * 240);
  CHECK(recorder.missed() == 0);
}

TEST_CASE("a message longer than any segment is not recorded, and counted") {
  Recorder recorder;
  REQUIRE_FALSE(recorder.open(small_recorder()));
  RecorderRing* ring = recorder.adopt(0);

  put(*ring, 1, recorder.shape().segment_size);
  put(*ring, 2);

  CHECK(numbers_of(recorded(recorder)) == std::vector<std::uint64_t>{2});
  CHECK(recorder.missed() == 1);
}

TEST_CASE("what interrupts a ring's own writing is not recorded, and counted") {
  Recorder recorder;
  REQUIRE_FALSE(recorder.open(small_recorder()));
  RecorderRing* ring = recorder.adopt(0);

  ring->busy = true;
  put(*ring, 1);
  ring->busy = false;
  put(*ring, 2);

  CHECK(numbers_of(recorded(recorder)) == std::vector<std::uint64_t>{2});
  CHECK(recorder.missed() == 1);
}

TEST_CASE("rings of ended threads stay readable until more are needed; the one that ended first is taken over") {
  Recorder recorder;
  REQUIRE_FALSE(recorder.open(small_recorder()));
  RecorderRing* first = recorder.adopt(2);
  RecorderRing* second = recorder.adopt(2);
  RecorderRing* third = recorder.adopt(3);
  put(*first, 1), put(*second, 2), put(*third, 3);
  CHECK(recorder.adopt(2) == nullptr);
  recorder.leave(*second);
  recorder.leave(*first);

  CHECK(numbers_of(recorded(recorder)).size() == 3);
  RecorderRing* next = recorder.adopt(1);
  CHECK(next == second);
  put(*next, 4);

  const auto r = recorded(recorder);
  CHECK(numbers_of(r).size() == 4);  // what the ended thread had written is overwritten last
  CHECK(r.header().used == 3);
  for (const auto& e : r.entries())
    if (proto::load_le<std::uint64_t>(r.frame(e).data() + 26) == 4) CHECK(e.buffer == 1);
}

TEST_CASE("a reader beside a thread that writes flat out sees whole messages in an unbroken run, never torn") {
  Recorder recorder;
  Options o = small_recorder();
  o.recorder_bytes = 4 << 20;  // a smaller one is overwritten faster than it is read
  REQUIRE_FALSE(recorder.open(o));
  RecorderRing* ring = recorder.adopt(2);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t i = 0; !stop; ++i) put(*ring, i, 40 + i % 900);
  });
  std::uint64_t wrong = 0;
  std::uint64_t seen = 0;
  for (int i = 0; i < 100 || seen == 0; ++i) {
    const auto r = recorded(recorder);
    wrong += r.broken();
    std::uint64_t last = 0;
    for (const auto& e : r.entries()) {
      const auto n = proto::load_le<std::uint64_t>(r.frame(e).data() + 26);
      wrong += e.size != 40 + n % 900;
      wrong += last != 0 && n <= last;
      last = n;
      ++seen;
    }
  }
  stop = true;
  writer.join();

  CHECK(wrong == 0);
  CHECK(seen > 0);
}

TEST_CASE("what is above the sent level is recorded and not sent, what is sent is recorded too, in order") {
  CHECK(isolated([] {
          with_daemon(
              [](Session& s, FakeDaemon& d, Context& c) {
                expect(c.level() == Level::info && c.reach() == Level::verbose, "levels");
                expect(c.enabled(Level::verbose), "enabled");
                for (std::uint32_t i = 0; i < 100; ++i) {
                  const bool queued = i % 3 == 0 ? DLT_INFO(c, "{}", i) : DLT_VERBOSE(c, "{}", i);
                  expect(queued == (i % 3 == 0), "only what is sent is queued");
                }
                expect(s.flush(30s) && d.sees_frames(34), "frames");
                const auto all = recorded_here();
                expect(all.size() == 100, said(all));
                for (std::uint32_t i = 0; i < 100; ++i) expect(all[i] == i, said(all));
                const Stats stats = s.stats();
                expect(stats.accepted == 34 && stats.closes() && stats.unrecorded == 0, "books");
                expect(d.frames().size() == 34, "no more than that was sent");
              },
              recording());
        }) == "");
}

TEST_CASE("levels between the sent one and the recorder's are recorded, those beyond cost and do nothing") {
  CHECK(isolated([] {
          with_daemon(
              [](Session&, FakeDaemon&, Context& c) {
                expect(!c.enabled(Level::verbose) && c.enabled(Level::debug), "enabled");
                (void)DLT_VERBOSE(c, "{}", 1U);
                (void)DLT_DEBUG(c, "{}", 2U);
                (void)dlt::debug(c.in(Buffer{3}), "{}", 3U);
                (void)DLT_FATAL(c, "{}", 4U);
                const auto all = recorded_here();
                expect(all.size() == 3 && all[0] == 2, said(all));
              },
              recording(Level::debug));
        }) == "");
}

TEST_CASE("without a recorder nothing is recorded and levels are what they were") {
  CHECK(isolated([] {
          with_daemon([](Session&, FakeDaemon&, Context& c) {
            expect(!c.enabled(Level::debug) && c.reach() == Level::info, "levels");
            expect(!DLT_DEBUG(c, "{}", 1U) && !Core::get()->recorder().is_open(), "no recorder");
          });
        }) == "");
}

TEST_CASE("a message that a full queue refuses is recorded, and counted as refused") {
  CHECK(isolated([] {
          TempDir dir;
          Options o = recording();
          o.app = "APP1";
          o.address = "unix:" + dir / "nobody.sock";
          o.exit_flush = 0ms;
          o.buffer = {.capacity = 8, .mode = OverflowMode::drop_newest};
          auto session = start(o);
          expect(session.has_value(), "start");
          Context c{"CTX1"};
          std::uint32_t taken = 0;
          for (std::uint32_t i = 0; i < 50; ++i) taken += DLT_INFO(c, "{}", i) ? 1U : 0U;
          const auto all = recorded_here();
          const Stats stats = session->stats();
          expect(taken == 8 && stats.dropped.full == 42 && stats.closes(), "books");
          expect(all.size() == 50 && all.back() == 49, said(all));
        }) == "");
}

TEST_CASE("long messages and types of one's own are recorded as they would be sent") {
  CHECK(isolated([] {
          with_daemon(
              [](Session& s, FakeDaemon& d, Context& c) {
                const std::string text(20'000, 'x');
                (void)DLT_INFO(c, "{}{}", 1U, text);
                (void)DLT_DEBUG(c, "{}{}", 2U, text);
                (void)DLT_DEBUG(c, "{}{}", 3U, text.substr(0, 3000));
                expect(s.flush(30s) && d.sees_frames(1), "sent");
                const auto r = recorded(Core::get()->recorder());
                expect(r.entries().size() == 3, "three");
                expect(r.entries()[0].size == d.frames()[0].size(), "cut as the sent one was");
                expect(r.entries()[0].size == r.entries()[1].size, "alike");
                expect(r.entries()[2].size > 3000, "whole");
              },
              recording());
        }) == "");
}

namespace {

std::atomic<std::uint32_t> handled{0};
Context* handlers_context = nullptr;

void log_in_handler(int) {
  const std::uint32_t n = handled.fetch_add(1);
  if (n % 2 == 0) (void)DLT_DEBUG(*handlers_context, "{}", 1'000'000 + n);
  else (void)DLT_INFO(*handlers_context, "{}", 1'000'000 + n);
}

}  // namespace

TEST_CASE("handlers that log interrupt threads that record: nothing is torn, what is missing is counted") {
  CHECK(isolated([] {
          Options o = recording();
          o.recorder_bytes = 4 << 20;
          with_daemon(
              [](Session& s, FakeDaemon&, Context& c) {
                handlers_context = &c;
                ::signal(SIGUSR1, log_in_handler);
                std::atomic<bool> stop{false};
                const pthread_t self = pthread_self();
                std::thread killer([&] {
                  while (!stop) {
                    pthread_kill(self, SIGUSR1);
                    std::this_thread::yield();
                  }
                });
                for (std::uint32_t i = 0; i < 20'000; ++i)
                  if (i % 2 == 0) (void)DLT_DEBUG(c, "{}", i);
                  else (void)DLT_INFO(c, "{}", i);
                stop = true;
                killer.join();
                const auto all = recorded_here();
                const Stats stats = s.stats();
                std::uint64_t last = 0;
                std::uint64_t own = 0;
                for (const auto n : all) {
                  if (n >= 1'000'000) continue;
                  expect(own == 0 || n > last, "in order");
                  last = n;
                  ++own;
                }
                expect(all.size() + stats.unrecorded + stats.dropped.nested >= 20'000 + handled,
                       "recorded " + std::to_string(all.size()) + " missed " + std::to_string(stats.unrecorded));
                expect(stats.closes(), "books");
              },
              o);
        }) == "");
}

TEST_CASE("a forked child has a recorder of its own, and its parent's stays as it is") {
  CHECK(isolated([] {
          with_daemon(
              [](Session&, FakeDaemon&, Context& c) {
                (void)DLT_DEBUG(c, "{}", 1U);
                const pid_t child = ::fork();
                if (child == 0) {
                  (void)DLT_DEBUG(c, "{}", 2U);
                  const auto all = recorded_here();
                  ::_exit(all.size() == 1 && all[0] == 2 ? 0 : 1);
                }
                int status = 0;
                expect(::waitpid(child, &status, 0) == child && status == 0, "the child's");
                (void)DLT_DEBUG(c, "{}", 3U);
                const auto all = recorded_here();
                expect(all == std::vector<std::uint64_t>{1, 3}, said(all));
              },
              recording());
        }) == "");
}

TEST_CASE("what ended threads recorded is there until their rings are needed") {
  CHECK(isolated([] {
          with_daemon(
              [](Session& s, FakeDaemon&, Context& c) {
                for (std::uint32_t i = 0; i < 300; ++i) std::thread([&c, i] { (void)DLT_DEBUG(c, "{}", i); }).join();
                const auto all = recorded_here();
                expect(all.size() == 300, "all of them: rings are shared by turns, " + std::to_string(all.size()));
                expect(s.stats().unrecorded == 0, "none missed");
              },
              recording());
        }) == "");
}

TEST_CASE("a session that ends records nothing any more, and one that starts again does") {
  CHECK(isolated([] {
          TempDir dir;
          Options o = recording();
          o.app = "APP1";
          o.address = "unix:" + dir / "nobody.sock";
          o.exit_flush = 0ms;
          Context c{"CTX1"};
          {
            auto session = start(o);
            (void)DLT_DEBUG(c, "{}", 1U);
          }
          expect(!c.enabled(Level::fatal) && !DLT_DEBUG(c, "{}", 2U), "off");
          expect(recorded_here() == std::vector<std::uint64_t>{1}, "nothing after the end");
          auto session = start(o);
          (void)DLT_DEBUG(c, "{}", 3U);
          expect(recorded_here() == std::vector<std::uint64_t>{1, 3}, "again");
        }) == "");
}
