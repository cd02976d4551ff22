#include "dlt/proto/level.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace dlt;

TEST_CASE("each level has a name that is read back, in any case") {
  for (int v = -1; v <= 6; ++v) {
    const auto level = static_cast<Level>(v);
    std::string shout(name(level));
    for (auto& c : shout) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    CHECK(parse_level(name(level)) == level);
    CHECK(parse_level(shout) == level);
    CHECK(parse_level(std::to_string(v)) == level);
  }
  CHECK(parse_level("warning") == Level::warn);
}

TEST_CASE("what is no level is not read as one") {
  for (const auto* text : {"", "7", "-2", "00", "inf", "infos", " info", "1 "}) {
    INFO(text);
    CHECK_FALSE(parse_level(text));
  }
  CHECK(name(static_cast<Level>(9)) == "invalid");
}
