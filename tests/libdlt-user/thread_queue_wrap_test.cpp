// What a queue does when the lower half of its chunks' numbers begins anew.
#include <catch2/catch.hpp>

#include <set>

#include "dlt/proto/salvage.hpp"
#include "support/queue_bench.hpp"

using namespace dlt;
using namespace dlt::detail;
using namespace dlt::test;

namespace {

// A chunk holds an eighth of the capacity: one message.
constexpr std::uint32_t capacity = 8;
constexpr std::uint64_t turn = std::uint64_t{1} << 32;
constexpr std::uint64_t just_before = turn - 6;

// What a daemon would find if the process were killed now.
std::vector<std::uint64_t> salvage(Bench& b, BufferStats& totals) {
  const std::byte* base = reinterpret_cast<const std::byte*>(&b.arena.carry()) - proto::arena::carry_at;
  const auto read = [&](std::uint64_t at, std::span<std::byte> into) {
    std::memcpy(into.data(), base + at, into.size());
    return true;
  };
  proto::Salvage salvage(read, b.arena.size(), {});
  std::vector<std::byte> out(proto::Salvage::out_size);
  std::vector<std::uint64_t> all;
  auto step = proto::Salvage::Step::more;
  while (step == proto::Salvage::Step::more) {
    std::size_t n = 0;
    step = salvage.step(out, n);
    for (proto::Bytes rest(out.data(), n); !rest.empty();) {
      std::size_t used = 0;
      const auto m = proto::local::decode(rest, used);
      REQUIRE(m);
      if (const auto* batch = std::get_if<proto::local::Batch>(&*m)) {
        CHECK(batch->chunk != 0);
        const auto some = numbers(rest.subspan(used, batch->length));
        all.insert(all.end(), some.begin(), some.end());
        used += batch->length;
      }
      if (const auto* s = std::get_if<proto::local::Statistics>(&*m)) {
        totals.accepted = s->at(0).accepted;
        totals.dropped.overwritten = s->at(0).dropped[static_cast<std::size_t>(proto::local::LossCause::overwritten)];
      }
      rest = rest.subspan(used);
    }
  }
  CHECK(step == proto::Salvage::Step::done);
  return all;
}

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

    BufferStats totals;
    const auto left = salvage(b, totals);
    const auto came = b.pull_all();

    CHECK(came == sequence(31 - came.size(), 30));
    CHECK(left == came);
    CHECK(totals.accepted == 30);
    CHECK(totals.dropped.overwritten == 30 - came.size());
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
