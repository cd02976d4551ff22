#include <catch2/catch.hpp>

#include <deque>
#include <random>

#include "support/queue_bench.hpp"

using namespace dlt;
using namespace dlt::detail;
using dlt::test::sequence;

namespace {

// A sender and a daemon that confirms what it likes; knows what must have arrived in the end.
struct Stream : test::Bench {
  using Bench::Bench;

  struct Sent {
    std::uint64_t number;
    std::uint32_t to;
    ThreadQueue::Taken taken;
    std::size_t arrived;
  };

  std::vector<std::uint64_t> send(std::size_t limit = 16) {
    std::vector<Range> ranges;
    queue->collect(ranges, limit);
    std::vector<std::uint64_t> all;
    for (const Range& r : ranges) {
      const auto some = test::numbers(r.bytes());
      all.insert(all.end(), some.begin(), some.end());
      queue->delivered(r.frames, r.bytes().size());
      queue->taken(r);
      arrived.insert(arrived.end(), some.begin(), some.end());
      sent.push_back({r.number, r.to, queue->sent(), arrived.size()});
    }
    return all;
  }
  void confirm(std::size_t ranges) {
    for (; ranges > 0 && !sent.empty(); --ranges) {
      queue->confirm(sent.front().number, sent.front().to, sent.front().taken);
      confirmed = sent.front().arrived;
      sent.pop_front();
    }
  }
  void break_off() {
    sent.clear();
    arrived.resize(confirmed);
    queue->rewind({});
  }
  std::vector<std::uint64_t> send_all() {
    std::vector<std::uint64_t> all;
    for (auto some = send(); !some.empty(); some = send()) all.insert(all.end(), some.begin(), some.end());
    return all;
  }

  std::vector<std::uint64_t> arrived;  // of what was sent before the connection broke only what was confirmed
  std::size_t confirmed = 0;
  std::deque<Sent> sent;
};

}  // namespace

TEST_CASE("what was sent and not confirmed is sent again, in order, before what came later") {
  Stream s(2048, OverflowMode::drop_newest);
  for (std::uint64_t i = 1; i <= 1000; ++i) REQUIRE(s.push(i));
  REQUIRE(s.send_all() == sequence(1, 1000));
  s.confirm(2);
  const std::size_t confirmed = s.confirmed;
  REQUIRE(confirmed > 0);
  REQUIRE(confirmed < 1000);
  for (std::uint64_t i = 1001; i <= 1100; ++i) REQUIRE(s.push(i));

  s.break_off();
  CHECK(s.stats().closes());
  CHECK(s.stats().delivered == confirmed);
  CHECK_FALSE(s.queue->empty());

  CHECK(s.send_all() == sequence(confirmed + 1, 1100));
  CHECK(s.queue->empty());
  CHECK(s.stats().closes());
  CHECK(s.stats().delivered == 1100);
}

TEST_CASE("what is confirmed is not sent again, and its chunks are used again") {
  Stream s(2048, OverflowMode::drop_newest);
  std::uint64_t next = 1;
  for (int i = 0; i < 1000; ++i) REQUIRE(s.push(next++));
  (void)s.send_all();
  s.confirm(1000);
  const std::uint64_t memory = s.stats().reserved_bytes;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 1000; ++i) REQUIRE(s.push(next++));
    (void)s.send_all();
    s.confirm(1000);
  }

  s.break_off();
  CHECK(s.send().empty());
  CHECK(s.stats().reserved_bytes <= memory + 2 * Arena::granule);
}

TEST_CASE("what has to go again takes nobody's place") {
  Stream s(2048, OverflowMode::drop_newest);
  for (std::uint64_t i = 1; i <= 2000; ++i) REQUIRE(s.push(i));
  (void)s.send_all();
  s.break_off();

  std::uint64_t next = 2001;
  while (s.push(next)) ++next;

  // A chunk that was open may still be overwritten, so its messages count: an eighth of the capacity.
  CHECK(next - 2001 >= 2048 - 2048 / 8);
  CHECK(s.send_all() == sequence(1, next - 1));
  CHECK(s.stats().closes());
}

TEST_CASE("of what nobody confirms 4 MiB are kept; what was given up counts as overwritten when it is missed") {
  Stream s(2048, OverflowMode::drop_newest);
  std::uint64_t next = 1;
  const std::uint64_t wanted = 3 * ThreadQueue::most_retained_bytes / test::frame_size;
  while (next <= wanted) {
    for (int i = 0; i < 1000; ++i) REQUIRE(s.push(next++));
    (void)s.send_all();
  }
  CHECK(s.stats().dropped.total() == 0);

  s.break_off();
  const auto again = s.send_all();
  REQUIRE_FALSE(again.empty());
  CHECK(again == sequence(again.front(), next - 1));
  CHECK(again.size() * test::frame_size > ThreadQueue::most_retained_bytes / 2);
  CHECK(s.stats().dropped.overwritten == again.front() - 1);
  CHECK(s.stats().closes());
}

TEST_CASE(
    "after the end of a session nothing is sent again: what was not confirmed when the connection breaks is lost") {
  const auto mode = GENERATE(OverflowMode::overwrite, OverflowMode::drop_newest, OverflowMode::block);
  const bool confirms = GENERATE(false, true);
  CAPTURE(mode, confirms);
  Stream s(2048, mode);
  for (std::uint64_t i = 1; i <= 1000; ++i) REQUIRE(s.push(i));
  const std::size_t sent = s.send(1).size() + s.send(1).size();
  s.confirm(1);
  REQUIRE(s.confirmed > 0);
  REQUIRE(s.confirmed < sent);
  s.queue->discard_everything();
  CHECK(s.stats().dropped.at_exit == 1000 - sent);
  CHECK(s.stats().delivered == sent);

  if (confirms) s.queue->confirm_all();
  s.break_off();

  CHECK(s.stats().delivered == (confirms ? sent : s.confirmed));
  CHECK(s.stats().dropped.overwritten == sent - s.stats().delivered);
  CHECK(s.stats().dropped.at_exit == 1000 - sent);
  CHECK(s.stats().queued == 0);
  CHECK(s.stats().closes());
  CHECK(s.queue->empty());
  CHECK(s.send_all().empty());
}

TEST_CASE("whatever is sent, confirmed, broken off and overwritten: each message arrives, or is counted, in order") {
  const auto mode = GENERATE(OverflowMode::overwrite, OverflowMode::drop_newest);
  const auto capacity = GENERATE(8U, 100U, 2048U);
  CAPTURE(mode, capacity);
  std::mt19937 random(Catch::rngSeed());
  INFO("seed " << Catch::rngSeed());
  Stream s(capacity, mode);
  std::uint64_t next = 1;
  std::uint64_t refused = 0;
  std::vector<std::uint64_t> taken;
  for (int step = 0; step < 3000; ++step) {
    switch (random() % 8) {
      case 0:
      case 1:
      case 2:
        for (std::size_t n = random() % (capacity / 2); n > 0; --n, ++next)
          if (s.push(next, test::frame_size + random() % 300)) taken.push_back(next);
          else ++refused;
        break;
      case 3:
      case 4: (void)s.send(1 + random() % 4); break;
      case 5:
      case 6: s.confirm(random() % 4); break;
      case 7:
        if (random() % 8 == 0) s.break_off();
        break;
    }
    if (step % 100 == 0) REQUIRE(s.stats().closes());
  }
  (void)s.send_all();

  const BufferStats stats = s.stats();
  CHECK(stats.closes());
  CHECK(stats.queued == 0);
  CHECK(stats.accepted == next - 1);
  CHECK(stats.dropped.full == refused);
  CHECK(stats.delivered == s.arrived.size());
  CHECK(s.arrived.size() + stats.dropped.overwritten == taken.size());
  CHECK(std::is_sorted(s.arrived.begin(), s.arrived.end(), std::less_equal<>()));
  CHECK(std::includes(taken.begin(), taken.end(), s.arrived.begin(), s.arrived.end()));
  if (mode == OverflowMode::drop_newest) CHECK(stats.dropped.overwritten == 0);
}
