// What a queue does when the lower half of its chunks' numbers begins anew.
#include <catch2/catch.hpp>

#include <set>

#include "support/queue_bench.hpp"
#include "support/salvaged.hpp"

using namespace dlt;
using namespace dlt::detail;
using namespace dlt::test;

namespace {

// A chunk holds an eighth of the capacity: one message.
constexpr std::uint32_t capacity = 8;
constexpr std::uint64_t turn = std::uint64_t{1} << 32;
constexpr std::uint64_t just_before = turn - 6;

}  // namespace

TEST_CASE("where chunk numbers begin anew every message is taken once, in order, and no chunk is number 0") {
  Bench b(capacity, OverflowMode::drop_newest, {}, just_before);
  std::uint64_t pushed = 0;
  std::vector<std::uint64_t> came;
  std::set<std::uint64_t> chunks;
  for (int round = 0; round < 20; ++round) {
    CHECK(b.push(++pushed));
    if (round % 3 == 2) continue;
    std::vector<Range> ranges;
    b.queue->collect(ranges, 16);
    for (const Range& r : ranges) {
      chunks.insert(r.number);
      CHECK(low_half(r.number) != 0);
      const auto some = numbers(r.bytes());
      came.insert(came.end(), some.begin(), some.end());
      b.queue->delivered(r.frames, r.bytes().size());
      b.queue->taken(r);
      b.queue->confirm(r.number, r.to, b.queue->sent());
    }
  }
  const auto rest = b.pull_all();
  came.insert(came.end(), rest.begin(), rest.end());

  CHECK(came == sequence(1, pushed));
  CHECK(*chunks.rbegin() > turn);
  CHECK(b.stats().delivered == pushed);
  CHECK(b.stats().closes());
}

TEST_CASE("where chunk numbers begin anew the newest messages are kept, and the books tell which were overwritten") {
  for (std::uint64_t first = turn - 40; first < turn; ++first) {
    Bench b(capacity, OverflowMode::overwrite, {}, first);
    for (std::uint64_t i = 1; i <= 30; ++i) CHECK(b.push(i));
    CAPTURE(first - turn);

    const auto found = salvaged(b.arena);
    const auto& left = found.numbers;
    const auto came = b.pull_all();

    CHECK(came == sequence(31 - came.size(), 30));
    CHECK(left == came);
    CHECK(found.accepted == 30);
    CHECK(found.overwritten == 30 - came.size());
    CHECK(b.stats().dropped.overwritten == 30 - came.size());
    CHECK(b.stats().closes());
  }
}

TEST_CASE("where chunk numbers begin anew what was not confirmed is sent again, and only that") {
  for (std::size_t confirmed = 0; confirmed <= 7; ++confirmed) {
    CAPTURE(confirmed);
    Bench b(capacity, OverflowMode::drop_newest, {}, turn - 4);
    for (std::uint64_t i = 1; i <= 7; ++i) REQUIRE(b.push(i));
    std::vector<Range> ranges;
    std::vector<ThreadQueue::Taken> then;
    b.queue->collect(ranges, 16);
    REQUIRE(ranges.size() == 7);
    for (const Range& r : ranges) {
      b.queue->delivered(r.frames, r.bytes().size());
      b.queue->taken(r);
      then.push_back(b.queue->sent());
    }
    for (std::size_t i = 0; i < confirmed; ++i) b.queue->confirm(ranges[i].number, ranges[i].to, then[i]);

    b.queue->rewind({});

    CHECK(b.pull_all() == sequence(confirmed + 1, 7));
    CHECK(b.stats().delivered == 7);
    CHECK(b.stats().closes());
  }
}
