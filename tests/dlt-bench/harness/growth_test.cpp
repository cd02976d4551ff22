#include "harness/growth.hpp"

#include <catch2/catch.hpp>

using namespace dlt::bench;

TEST_CASE("a slope is that of all but the first fifth") {
  std::vector<double> t, values;
  for (int i = 0; i < 100; ++i) {
    t.push_back(i);
    values.push_back(i < 20 ? 1e6 * i : 3.0 * i);
  }

  CHECK(slope(t, values) == Approx(3.0));
  CHECK(slope({}, {}) == 0);
  CHECK(slope({1}, {5}) == 0);
}

TEST_CASE("what grows misses its criterion, what goes up and down does not") {
  Held held;
  for (int i = 0; i < 100; ++i) {
    held.t_s.push_back(i);
    held.rss.push_back(1e6 * (i % 2));
    held.fds.push_back(i / 10);
    held.threads.push_back(4);
  }
  Numbers numbers;

  judge_growth("x", held, 1, 100, numbers);

  REQUIRE(numbers.criteria.size() == 3);
  CHECK(numbers.criteria[0].met());
  CHECK_FALSE(numbers.criteria[1].met());
  CHECK(numbers.criteria[2].met());
}

TEST_CASE("our own process holds descriptors") { CHECK(open_descriptors() >= 3); }
