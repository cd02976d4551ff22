#include "thread_queue.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "support/queue_bench.hpp"

using namespace dlt;
using namespace dlt::detail;
using dlt::test::Bench;
using dlt::test::sequence;

TEST_CASE("messages leave in the order in which they came, over many chunks") {
  Bench b(2048, OverflowMode::drop_newest);

  std::uint64_t next = 1;
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t first = next;
    for (int i = 0; i < 1500; ++i) REQUIRE(b.push(next++));
    CHECK(b.pull_all() == sequence(first, next - 1));
  }

  CHECK(b.stats().closes());
  CHECK(b.stats().delivered == 30'000);
}

TEST_CASE("the front of an open chunk is delivered before it is full, and nothing twice") {
  Bench b(2048, OverflowMode::drop_newest);
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    REQUIRE(b.push(i));
    REQUIRE(b.pull() == std::vector<std::uint64_t>{i});
  }
  CHECK(b.pull().empty());
  CHECK(b.stats().queued == 0);
}

TEST_CASE("the memory of a queue is told: none before the first message, then whole chunks that it keeps") {
  Bench b(64, OverflowMode::drop_newest);
  CHECK(b.stats().reserved_bytes == 0);

  REQUIRE(b.push(1));
  const std::uint64_t one = b.stats().reserved_bytes;
  CHECK(one >= test::frame_size);
  CHECK(one % Arena::granule == 0);
  for (std::uint64_t i = 2; i <= 64; ++i) REQUIRE(b.push(i, 500));
  const std::uint64_t full = b.stats().reserved_bytes;
  CHECK(full >= 63 * 500);
  CHECK(full % one == 0);

  CHECK(b.pull_all().size() == 64);
  CHECK(b.stats().reserved_bytes == full);
}

TEST_CASE("drop_newest keeps exactly the capacity and the oldest") {
  const auto capacity = GENERATE(8U, 9U, 100U, 2048U, 5000U);
  CAPTURE(capacity);
  Bench b(capacity, OverflowMode::drop_newest);

  std::uint32_t taken = 0;
  for (std::uint64_t i = 1; i <= capacity + 500; ++i) taken += b.push(i) ? 1U : 0U;

  CHECK(taken == capacity);
  const auto s = b.stats();
  CHECK(s.accepted == capacity + 500);
  CHECK(s.queued == capacity);
  CHECK(s.dropped.full == 500);
  CHECK(s.high_water == capacity);
  CHECK(b.pull_all() == sequence(1, capacity));
  CHECK(b.stats().closes());
}

TEST_CASE("overwrite keeps the newest and loses at most an eighth more than it must") {
  const auto capacity = GENERATE(8U, 100U, 2048U, 5000U);
  CAPTURE(capacity);
  Bench b(capacity, OverflowMode::overwrite);
  const std::uint64_t last = capacity * 5 + 3;

  for (std::uint64_t i = 1; i <= last; ++i) REQUIRE(b.push(i));

  const auto s = b.stats();
  CHECK(s.closes());
  CHECK(s.dropped.overwritten == last - s.queued);
  CHECK(s.queued <= capacity);
  CHECK(s.queued >= capacity - capacity / 8 - 1);
  CHECK(b.pull_all() == sequence(last - s.queued + 1, last));
}

TEST_CASE("overwrite goes on while the sender holds ranges that it cannot write") {
  Bench b(100, OverflowMode::overwrite);
  for (std::uint64_t i = 1; i <= 100; ++i) REQUIRE(b.push(i));
  std::vector<Range> held;
  b.queue->collect(held, 16);
  REQUIRE_FALSE(held.empty());
  const auto before = test::numbers(held.front().bytes());

  for (std::uint64_t i = 101; i <= 1000; ++i) REQUIRE(b.push(i));

  CHECK(test::numbers(held.front().bytes()) == before);  // nobody wrote under the sender's hands
  std::uint64_t in_hand = 0;
  for (const Range& r : held) {
    in_hand += r.frames;
    b.queue->delivered(r.frames, r.bytes().size());
    b.queue->taken(r);
  }
  const auto rest = b.pull_all();
  REQUIRE_FALSE(rest.empty());
  CHECK(rest == sequence(1000 - rest.size() + 1, 1000));
  const auto s = b.stats();
  CHECK(s.closes());
  CHECK(s.queued == 0);
  CHECK(s.dropped.overwritten == 1000 - rest.size() - in_hand);
}

TEST_CASE("an open chunk that is overwritten while the sender reads its front is counted once") {
  Bench b(80, OverflowMode::overwrite);
  REQUIRE(b.push(1));
  REQUIRE(b.push(2));
  std::vector<Range> open;
  b.queue->collect(open, 16);
  REQUIRE(open.size() == 1);
  REQUIRE_FALSE(open[0].sealed);

  for (std::uint64_t i = 3; i <= 500; ++i) REQUIRE(b.push(i));  // seals, reclaims and reuses everything else
  CHECK(test::numbers(open[0].bytes()) == std::vector<std::uint64_t>{1, 2});
  b.queue->delivered(open[0].frames, open[0].bytes().size());
  b.queue->taken(open[0]);

  const auto rest = b.pull_all();
  CHECK(rest == sequence(500 - rest.size() + 1, 500));
  const auto s = b.stats();
  CHECK(s.delivered == rest.size() + 2);
  CHECK(s.dropped.overwritten == 500 - rest.size() - 2);
  CHECK(s.closes());
}

TEST_CASE("block gives up at its timeout and counts that") {
  Bench b(8, OverflowMode::block, std::chrono::milliseconds(1));
  for (std::uint64_t i = 1; i <= 8; ++i) REQUIRE(b.push(i));

  CHECK_FALSE(b.push(9));

  CHECK(b.stats().dropped.timed_out == 1);
  CHECK(b.stats().closes());
  CHECK(b.pull_all() == sequence(1, 8));
  CHECK(b.push(10));
}

TEST_CASE("large messages are bounded by bytes, and the books close") {
  Bench b(1000, OverflowMode::drop_newest);
  std::uint64_t taken = 0;
  while (b.push(taken + 1, 9000)) ++taken;
  CHECK(taken >= 1000 * 512 / 9000);
  CHECK(taken < 1000);
  CHECK(b.stats().reserved_bytes <= 2 * 1000 * 512 + (5 << 20));
  CHECK(b.pull_all() == sequence(1, taken));
  CHECK(b.stats().closes());
}

TEST_CASE("what is left at the end is counted as lost at exit") {
  Bench b(100, OverflowMode::overwrite);
  for (std::uint64_t i = 1; i <= 60; ++i) REQUIRE(b.push(i));
  CHECK(b.pull(1).size() > 0);
  const auto delivered = b.stats().delivered;

  b.queue->discard_everything();

  const auto s = b.stats();
  CHECK(s.dropped.at_exit == 60 - delivered);
  CHECK(s.queued == 0);
  CHECK(s.closes());
}

TEST_CASE("a queue is owned by one thread after another") {
  Bench b(100, OverflowMode::drop_newest);
  CHECK_FALSE(b.queue->try_own());
  REQUIRE(b.push(1));
  b.queue->disown();
  REQUIRE(b.queue->try_own());
  REQUIRE(b.push(2));
  CHECK(b.pull_all() == sequence(1, 2));
}

// One producer and one sender flat out; the modes change under way. Checks order, wholeness and the books.
TEST_CASE("producer and sender at full speed lose nothing that is not counted") {
  const auto mode = GENERATE(OverflowMode::overwrite, OverflowMode::drop_newest, OverflowMode::block);
  const auto capacity = GENERATE(16U, 512U, 4096U);
  CAPTURE(static_cast<int>(mode), capacity);
  constexpr std::uint64_t messages = 200'000;
  Bench b(capacity, mode, std::chrono::seconds(60));
  std::atomic<bool> done{false};

  std::thread producer([&] {
    for (std::uint64_t i = 1; i <= messages; ++i) b.push(i, 34 + i % 40);
    done.store(true, std::memory_order_release);
  });
  std::uint64_t last = 0;
  std::uint64_t got = 0;
  bool in_order = true;
  for (bool last_round = false;;) {
    const auto some = b.pull();
    for (const std::uint64_t n : some) {
      in_order = in_order && n > last;
      last = n;
    }
    got += some.size();
    if (some.empty() && last_round) break;
    if (some.empty()) last_round = done.load(std::memory_order_acquire);
  }
  producer.join();

  CHECK(in_order);
  const auto s = b.stats();
  CHECK(s.accepted == messages);
  CHECK(s.delivered == got);
  CHECK(s.queued == 0);
  CHECK(s.closes());
  if (mode == OverflowMode::block) CHECK(got == messages);
  if (mode == OverflowMode::overwrite) CHECK(last == messages);
}

TEST_CASE("a sealed chunk that the sender has taken is marked as held, an open one is not") {
  Bench b(1024, OverflowMode::overwrite);
  while (b.queue->frames_in() == 0 || b.stats().reserved_bytes < 2 * Arena::granule) REQUIRE(b.push(1, 200));

  std::vector<Range> ranges;
  b.queue->collect(ranges, 16);

  REQUIRE(ranges.size() >= 2);
  CHECK(ranges.front().sealed);
  CHECK(ranges.front().chunk->state == Chunk::held);
  CHECK_FALSE(ranges.back().sealed);
  CHECK(ranges.back().chunk->state == Chunk::reading);
  for (const Range& r : ranges) b.queue->untouched(r);
  CHECK(ranges.front().chunk->state == Chunk::held);
}
