#include "harness/numbered_text.hpp"

#include <catch2/catch.hpp>

using namespace dlt::bench;

TEST_CASE("a text has the length that was asked for and gives its number back") {
  const std::size_t bytes = GENERATE(11U, 32U, 512U);
  std::string text = numbered_text(bytes);
  CHECK(text.size() == bytes);

  for (const std::uint64_t n : {0ULL, 7ULL, 1234567890ULL}) {
    set_number(text, n);
    CHECK(number_of_text(text) == n);
  }
}

TEST_CASE("a text without a number in front has none") {
  CHECK_FALSE(number_of_text(""));
  CHECK_FALSE(number_of_text("0000000001"));
  CHECK_FALSE(number_of_text("12345 hello world"));
}
