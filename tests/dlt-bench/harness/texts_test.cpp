#include "harness/texts.hpp"

#include <catch2/catch.hpp>
#include <set>

using dlt::bench::Texts;

TEST_CASE("fixed texts have the size that was asked for, and neighbours differ") {
  const Texts texts = Texts::fixed(12);

  for (std::uint64_t s = 0; s < 16; ++s) {
    CHECK(texts.of(s).size() == 12);
    CHECK(texts.of(s) != texts.of(s + 1));
  }
}

TEST_CASE("both ends make the same lines, and they do not repeat within a compressor's window") {
  const Texts sent = Texts::lines();
  const Texts expected = Texts::lines();

  std::set<std::string_view> seen;
  std::size_t bytes = 0, s = 0;
  for (; bytes < (1 << 17); ++s) {
    REQUIRE(sent.of(s) == expected.of(s));
    seen.insert(sent.of(s));
    bytes += sent.of(s).size();
  }
  CHECK(seen.size() > s * 9 / 10);
}
