// Parts of the library that are refused memory: by an operator new that refuses one thread on demand, and by a slab
// that is used up. A whole application is refused memory in tests/faults/.
#include <catch2/catch.hpp>

#include "carry.hpp"
#include "support/isolated.hpp"
#include "support/queue_bench.hpp"
#include "support/refusing_new.hpp"

using namespace dlt;
using namespace dlt::detail;
using namespace dlt::test;

namespace {

// In a process in which the slab has no more than this many lines of 64 bytes left. True: a queue took a message.
bool queue_with_lines_left(std::size_t lines) {
  Arena arena;
  Doorbell doorbell;
  expect(!arena.open(64 << 20) && !doorbell.open(), "memory");
  BufferState settings;
  settings.set({64, OverflowMode::drop_newest, {}});
  for (std::size_t n = 64 << 20; n >= 64; n /= 2)
    while (Slab::allocate(n + lines * 64) != nullptr) {
    }
  auto* q = Slab::make<ThreadQueue>(5U, 0U, settings, arena, doorbell, 9900U);
  if (q == nullptr || !q->is_complete()) return false;
  std::byte* p = q->make_room(frame_size);
  BufferStats s;
  q->add_to(s);
  expect_equal(s.dropped.full, p == nullptr ? 1U : 0U, "counted");
  expect(s.closes(), "books");
  std::vector<Range> ranges;
  q->collect(ranges, 16);
  return p != nullptr;
}

}  // namespace

TEST_CASE("a queue that is made when the slab is used up, or nearly, refuses messages and counts them") {
  bool has_room = false;
  std::size_t lines = 0;
  for (; !has_room && lines < 2000; ++lines) {
    CAPTURE(lines);
    const std::string said = isolated([&] {
      if (queue_with_lines_left(lines)) throw std::runtime_error("room");
    });
    has_room = said == "room";
    if (!has_room) REQUIRE(said == "");
  }
  CHECK(has_room);
  CHECK(lines > 20);
}

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an operator of their own

TEST_CASE("what was not confirmed is taken back without memory, however many chunks it lies in") {
  for (int pushed = 3; pushed <= 8; ++pushed) {
    CAPTURE(pushed);
    CHECK(isolated([pushed] {
            Bench b(8, OverflowMode::overwrite);  // a message a chunk; two chunks are taken at once
            std::vector<Range> ranges;
            const auto take = [&](std::size_t most) {
              ranges.clear();
              b.queue->collect(ranges, 16);
              for (const Range& r : ranges) {
                if (most == 0) {
                  b.queue->untouched(r);
                  continue;
                }
                --most;
                b.queue->delivered(r.frames, r.bytes().size());
                b.queue->taken(r);
              }
            };
            for (int i = 1; i <= 3; ++i) {
              expect(b.push(static_cast<std::uint64_t>(i)), "pushed");
              take(16);  // while it is open
            }
            for (int i = 4; i <= pushed; ++i) expect(b.push(static_cast<std::uint64_t>(i)), "pushed");
            take(0);

            refuses = true;
            b.queue->rewind({});
            refuses = false;

            expect(b.pull_all() == sequence(1, static_cast<std::uint64_t>(pushed)), "all come again");
          }) == "");
  }
}

TEST_CASE("a range for whose rest there is no memory is not carried: it stays in its queue") {
  const auto five = frames(1, 5);
  Arena arena;
  REQUIRE_FALSE(arena.open(1 << 20));
  Carry carry(arena);

  bool refused = false;
  refuses = true;
  try {
    carry.hold(Wire::batches, {0, 3, 17, 128}, five, 30);
  } catch (const std::bad_alloc&) {
    refused = true;
  }
  refuses = false;

  CHECK(refused);
  CHECK(carry.empty());
  CHECK(carry.frames().empty());
  CHECK(arena.carry().length == 0);
}

#endif
