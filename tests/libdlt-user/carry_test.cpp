#include "carry.hpp"

#include <catch2/catch.hpp>

#include "support/frames.hpp"
#include "support/salvaged.hpp"

using namespace dlt;
using namespace dlt::detail;
using dlt::test::frame_size;

namespace {

constexpr proto::local::Batch where{0, 1, 17, 128};

}  // namespace

TEST_CASE("of frames that go singly the memory has only those that have not gone, wherever the process is killed") {
  const auto five = test::frames(1, 5);
  const std::size_t whole = wire_image(Wire::single_frames, where, five).size();
  const std::size_t each = whole / 5;
  Arena arena;
  REQUIRE_FALSE(arena.open(1 << 20));
  arena.books(1)->open(0);
  for (std::size_t cut = 1; cut < whole; ++cut)
    for (const std::size_t more : {std::size_t{0}, std::size_t{1}, each, whole - cut - 1}) {
      if (cut + more >= whole) continue;
      CAPTURE(cut, more);
      Carry carry(arena);
      carry.hold(Wire::single_frames, where, five, cut);
      CHECK(carry.advance(more).frames == 0);

      const auto left = test::salvaged(arena).numbers;

      const std::size_t gone = (cut + more) / each;
      REQUIRE(left.size() == 5 - gone);
      CHECK(left.front() == gone + 1);
      CHECK(carry.held().frames == 5);  // told as delivered when the last of them has gone
      (void)carry.drop();
    }
}

TEST_CASE(
    "each frame of a range that is cut on one connection after the other is told as delivered once, and goes whole "
    "once") {
  const auto five = test::frames(1, 5);
  Arena arena;
  REQUIRE_FALSE(arena.open(1 << 20));
  const auto wires = {Wire::batches, Wire::single_frames};
  for (const Wire first : wires)
    for (const Wire second : wires) {
      const std::size_t whole = wire_image(first, where, five).size();
      for (std::size_t cut = 1; cut < whole; ++cut)
        for (std::size_t more = 0; more <= 3 * frame_size; more += 7) {
          CAPTURE(cut, more);
          Carry carry(arena);
          carry.hold(first, where, five, cut);
          auto told = carry.interrupt().frames;
          carry.resume(second);
          if (carry.rest().size() > more) {
            CHECK(carry.advance(more).frames == 0);
            told += carry.interrupt().frames;
            carry.resume(first);
          }
          const auto next = test::numbers(carry.frames());
          REQUIRE(next.size() == 5 - told);
          CHECK((next.empty() || next.front() == told + 1));
          told += carry.advance(carry.rest().size()).frames;
          CHECK(told == 5);
          CHECK(carry.empty());
          CHECK(arena.carry().length == 0);
        }
    }
}
