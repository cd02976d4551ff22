// What the others see of a queue whose producer stands still, at each instruction of a change of the chunk.
#include <catch2/catch.hpp>

#include "support/queue_bench.hpp"
#include "support/single_step.hpp"
#include "thread_queue.hpp"

#ifdef DLT_CAN_SINGLE_STEP

using namespace dlt;
using dlt::test::Bench;
using dlt::test::sequence;
using dlt::test::SingleStep;

namespace {

constexpr std::uint32_t capacity = 16;  // two messages a chunk
constexpr std::uint64_t plenty = 30;    // instructions that a change of the chunk has at least

}  // namespace

TEST_CASE("a producer that is suspended while it changes the chunk hides none of its messages from the books") {
  const SingleStep stepping;
  const auto mode = GENERATE(OverflowMode::drop_newest, OverflowMode::overwrite);
  std::uint64_t at = 0;
  for (bool reached = true; reached; ++at) {
    Bench b(capacity, mode);
    for (std::uint64_t i = 1; i <= 2; ++i) REQUIRE(b.push(i));
    std::uint64_t queued = 0, in = 0;
    bool empty = true;
    const std::byte* room = nullptr;
    reached = SingleStep::run(
        at, [&] { room = b.queue->make_room(test::frame_size); },
        [&] {
          queued = b.queue->queued();
          in = b.queue->frames_in();
          empty = b.queue->empty();
        });
    CAPTURE(at);
    REQUIRE(room != nullptr);
    if (!reached) break;
    CHECK(queued == 2);
    CHECK(in == 2);
    CHECK_FALSE(empty);
  }
  CHECK(at > plenty);
}

TEST_CASE("a producer that is suspended while it changes the chunk keeps none of its messages from the sender") {
  const SingleStep stepping;
  const auto mode = GENERATE(OverflowMode::drop_newest, OverflowMode::overwrite);
  std::uint64_t at = 0;
  for (bool reached = true; reached; ++at) {
    Bench b(capacity, mode);
    for (std::uint64_t i = 1; i <= 2; ++i) REQUIRE(b.push(i));
    std::vector<std::uint64_t> meanwhile;
    const std::byte* room = nullptr;
    reached = SingleStep::run(
        at, [&] { room = b.queue->make_room(test::frame_size); }, [&] { meanwhile = b.pull_all(); });
    CAPTURE(at);
    REQUIRE(room != nullptr);
    for (std::uint64_t i = 3; i <= 9; ++i) REQUIRE(b.push(i));
    const auto later = b.pull_all();
    if (!reached) break;
    CHECK(meanwhile == sequence(1, 2));
    CHECK(later == sequence(3, 9));
    CHECK(b.stats().closes());
    CHECK(b.stats().queued == 0);
  }
  CHECK(at > plenty);
}

#endif
