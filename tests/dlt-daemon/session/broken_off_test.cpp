#include "session/broken_off.hpp"

#include <catch2/catch.hpp>

using namespace dlt::daemon;

namespace {

AppConversation::Positions reached(std::uint32_t offset, std::size_t queues = 1) { return {queues, {1, offset}}; }

}  // namespace

TEST_CASE("how far a connection came is told once, to its own user and instance") {
  BrokenOff broken;
  broken.put(1000, 7, reached(70));
  broken.put(1000, 8, reached(80));

  CHECK(broken.take(1001, 7).empty());
  CHECK(broken.take(1000, 9).empty());
  REQUIRE(broken.take(1000, 7).size() == 1);
  CHECK(broken.take(1000, 7).empty());
  CHECK(broken.take(1000, 8).front().offset == 80);
}

TEST_CASE("a thousand processes whose connections break at once are remembered; of far too many the oldest are not") {
  BrokenOff broken;
  for (std::uint32_t i = 1; i <= BrokenOff::most + 1; ++i) broken.put(1000, i, reached(i));

  CHECK(broken.take(1000, 1).empty());
  for (std::uint32_t i = 2; i <= 1001; ++i) REQUIRE(broken.take(1000, i).front().offset == i);
}

TEST_CASE("positions have a limit of their own, and what was taken or forgotten makes room") {
  BrokenOff broken;
  const std::size_t large = BrokenOff::most_positions_of_one;
  const auto fit = static_cast<std::uint32_t>(BrokenOff::most_positions / large);
  for (std::uint32_t i = 1; i <= fit; ++i) broken.put(1000, i, reached(i, large));
  REQUIRE(broken.take(1000, 2).size() == large);
  broken.put(1000, fit + 1, reached(1, large));  // in the place of the one that was taken
  broken.put(1000, fit + 2, reached(1, large + 1));
  CHECK(broken.take(1000, fit + 2).empty());
  broken.put(1000, fit + 3, reached(1));

  CHECK(broken.take(1000, 1).empty());
  for (std::uint32_t i = 3; i <= fit + 1; ++i) REQUIRE(broken.take(1000, i).size() == large);
  CHECK(broken.take(1000, fit + 3).size() == 1);
}
