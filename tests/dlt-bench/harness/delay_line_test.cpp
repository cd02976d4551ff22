#include "harness/delay_line.hpp"

#include <catch2/catch.hpp>

#include "harness/delay_plan.hpp"
#include "harness/error.hpp"

using namespace dlt::bench;

namespace {

std::vector<std::byte> packet(std::size_t size, int first = 0) {
  std::vector<std::byte> bytes(size);
  bytes[0] = static_cast<std::byte>(first);
  return bytes;
}

}  // namespace

TEST_CASE("a packet comes out after the delay and no earlier") {
  DelayLine line({1000, 0, 10, 10'000}, 1);

  REQUIRE(line.put(packet(100), 5000));

  CHECK(line.due_ns() == 6000);
  CHECK_FALSE(line.next(5999));
  REQUIRE(line.next(6000));
  CHECK(line.next(6000)->size() == 100);
  line.take();
  CHECK_FALSE(line.due_ns());
  CHECK(line.passed() == 1);
  CHECK(line.bytes() == 0);
}

TEST_CASE("jitter is within its limit and does not change the order") {
  DelayLine line({1000, 500, 1000, 1 << 20}, 7);
  for (int i = 0; i < 100; ++i) REQUIRE(line.put(packet(60, i), static_cast<std::uint64_t>(i)));

  std::uint64_t last = 0;
  bool differed = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t due = *line.due_ns();
    CHECK(due >= last);
    CHECK(due >= static_cast<std::uint64_t>(i) + 1000);
    CHECK(due <= 99 + 1500);
    differed = differed || due != static_cast<std::uint64_t>(i) + 1000;
    REQUIRE(line.next(due));
    CHECK(line.next(due)->front() == static_cast<std::byte>(i));
    line.take();
    last = due;
  }
  CHECK(differed);
}

TEST_CASE("what does not fit is dropped and counted, by packets and by bytes") {
  DelayLine few({1000, 0, 2, 10'000}, 1), small({1000, 0, 100, 250}, 1);

  CHECK(few.put(packet(10), 0));
  CHECK(few.put(packet(10), 0));
  CHECK_FALSE(few.put(packet(10), 0));
  CHECK(small.put(packet(200), 0));
  CHECK_FALSE(small.put(packet(51), 0));
  CHECK(small.put(packet(50), 0));

  CHECK(few.dropped() == 1);
  CHECK(few.packets() == 2);
  CHECK(small.dropped() == 1);
  CHECK(small.bytes() == 250);
  (void)few.next(1000);
  few.take();
  CHECK(few.put(packet(10), 1000));
}

TEST_CASE("a wire survives the way to the process that is it") {
  const DelayedWire wire{"/proc/1/fd/5", "eth0", "/proc/1/fd/7", "p1", {25'000'000, 1000, 77, 88}};

  CHECK(delayed_wire(to_line(wire)) == wire);
  CHECK_THROWS_AS(delayed_wire("/proc/1/fd/5 eth0"), BenchError);
}
