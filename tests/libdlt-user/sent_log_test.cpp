#include "sent_log.hpp"

#include <catch2/catch.hpp>

#include "support/queue_bench.hpp"

using namespace dlt;
using namespace dlt::detail;
using dlt::test::Bench;

namespace {

// Sends what the queue gives out; returns how many messages that were.
std::uint64_t send(Bench& b, SentLog& log) {
  std::vector<Range> ranges;
  b.queue->collect(ranges, ThreadQueue::max_ranges);
  std::uint64_t frames = 0;
  for (const Range& r : ranges) {
    frames += r.frames;
    b.queue->delivered(r.frames, r.bytes().size());
    b.queue->taken(r);
    log.add(r, r.bytes().size());
  }
  return frames;
}

}  // namespace

TEST_CASE("what is acknowledged late is confirmed, however much of other queues was sent after it") {
  Bench quiet(2048, OverflowMode::block);
  Bench busy(2048, OverflowMode::drop_newest);
  SentLog log;
  log.begin();
  // Until no more of it may be under way.
  std::uint64_t n = 0;
  while (!quiet.queue->awaits_confirmation()) {
    REQUIRE(quiet.push(++n, 9000));
    (void)send(quiet, log);
  }
  std::uint64_t position = n * 9000;
  for (std::size_t i = 0; i < SentLog::most + 100; ++i) {
    REQUIRE(busy.push(i + 1));
    position += send(busy, log) * test::frame_size;
  }
  CHECK(log.size() <= SentLog::most + 2);

  log.acknowledge(position);

  CHECK_FALSE(quiet.queue->awaits_confirmation());
  quiet.queue->rewind({});
  busy.queue->rewind({});
  CHECK(quiet.queue->empty());
  CHECK(busy.queue->empty());
  CHECK(quiet.stats().delivered == n);
}
