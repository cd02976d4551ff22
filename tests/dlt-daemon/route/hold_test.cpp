#include "route/hold.hpp"

#include <catch2/catch.hpp>

using namespace dlt::daemon;
using namespace std::chrono_literals;

namespace {
const Clock::time_point start{};
Hold make() { return Hold({.capacity = 1000, .high = 800, .low = 500, .limit = 50ms, .longest = 150ms}); }
}  // namespace

TEST_CASE("a queue holds back from its high mark down to its low mark") {
  Hold hold = make();
  CHECK(hold.admit(0, 799, start));
  CHECK(hold.state() == Hold::State::flowing);
  CHECK(hold.admit(700, 100, start));
  CHECK(hold.state() == Hold::State::holding);
  CHECK_FALSE(hold.drained(501));
  CHECK(hold.state() == Hold::State::holding);
  CHECK_FALSE(hold.drained(500));
  CHECK(hold.state() == Hold::State::flowing);
}

TEST_CASE("a queue that is not drained within the limit drops until it is empty") {
  Hold hold = make();
  CHECK(hold.admit(700, 100, start));
  CHECK(hold.deadline() == start + 50ms);
  hold.tick(start + 49ms);
  CHECK(hold.state() == Hold::State::holding);
  hold.tick(start + 50ms);
  CHECK(hold.state() == Hold::State::dropping);
  CHECK_FALSE(hold.admit(10, 1, start + 60ms));
  CHECK_FALSE(hold.drained(1));
  CHECK(hold.drained(0));
  CHECK(hold.admit(0, 1, start + 70ms));
}

TEST_CASE("what is beyond the capacity is dropped whatever the time") {
  Hold hold = make();
  CHECK(hold.admit(700, 100, start));
  CHECK_FALSE(hold.admit(950, 51, start));
  CHECK(hold.state() == Hold::State::dropping);
}

TEST_CASE("one span larger than the queue passes while the queue is empty") {
  Hold hold = make();
  CHECK(hold.admit(0, 5000, start));
  CHECK_FALSE(hold.admit(5000, 1, start));
}

TEST_CASE("holding again begins a new limit") {
  Hold hold = make();
  CHECK(hold.admit(700, 100, start));
  CHECK_FALSE(hold.drained(0));
  CHECK(hold.admit(700, 100, start + 1s));
  hold.tick(start + 1s + 49ms);
  CHECK(hold.state() == Hold::State::holding);
}

TEST_CASE("who catches up is given more time, who does not starts again") {
  Hold hold = make();
  for (const auto patience : {50ms, 100ms, 150ms, 150ms}) {
    CHECK(hold.admit(700, 100, start));
    CHECK(hold.deadline() == start + patience);
    CHECK_FALSE(hold.drained(0));
  }
  CHECK(hold.admit(700, 100, start));
  hold.tick(start + 150ms);
  CHECK(hold.state() == Hold::State::dropping);
  CHECK(hold.drained(0));
  CHECK(hold.admit(700, 100, start));
  CHECK(hold.deadline() == start + 50ms);
}

TEST_CASE("the usual marks leave room for what has been read") {
  const auto limits = Hold::limits(4 << 20, 50ms, 50ms);
  CHECK(limits.high == 3 << 20);
  CHECK(limits.low < limits.high);
  CHECK(Hold::limits(64 * 1024, 0ms, 0ms).high == 48 * 1024);
}
