#include "tools/filter_file.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/wire.hpp"

using namespace dlt;
using namespace dlt::test;
using dlt::tools::FilterFile;

namespace {

// An info message with a payload of 4 + extra bytes.
bool passes(const FilterFile& filter, const std::string& f) {
  return filter.pass(*proto::MessageView::parse(proto::as_bytes(f)));
}
const std::string without_extended_header("\x20\x00\x00\x08\x01\x00\x00\x00", 8);

}  // namespace

TEST_CASE("a filter file of lines selects applications and contexts, and passes what has no extended header") {
  FilterFile filter;
  REQUIRE_FALSE(filter.add_lines("APP1 CTX1\r\n\n  APP2  \n---- CTX3\n"));
  CHECK(passes(filter, frame(0, 0, "APP1", "CTX1")));
  CHECK_FALSE(passes(filter, frame(0, 0, "APP1", "CTX2")));
  CHECK(passes(filter, frame(0, 0, "APP2", "CTX2")));
  CHECK(passes(filter, frame(0, 0, "APP9", "CTX3")));
  CHECK(passes(filter, without_extended_header));
}

TEST_CASE("a JSON filter selects by id, exact level and size of the payload") {
  FilterFile filter;
  REQUIRE_FALSE(filter.add_json(R"({"one": {"AppId": "APP1", "LogLevel": "4"},
                                    "two": {"ContextId": "CTX2", "PayloadMin": 6, "PayloadMax": "8"}})"));
  CHECK(passes(filter, frame(0, 0, "APP1", "CTX1")));
  CHECK_FALSE(passes(filter, frame(0, 0, "APP3", "CTX1")));
  CHECK_FALSE(passes(filter, frame(0, 1, "APP3", "CTX2")));
  CHECK(passes(filter, frame(0, 2, "APP3", "CTX2")));
  CHECK(passes(filter, frame(0, 4, "APP3", "CTX2")));
  CHECK_FALSE(passes(filter, frame(0, 5, "APP3", "CTX2")));
  CHECK(passes(filter, without_extended_header));

  FilterFile other_level;
  REQUIRE_FALSE(other_level.add_json(R"({"one": {"LogLevel": "5"}})"));
  CHECK_FALSE(passes(other_level, frame(0)));
}

TEST_CASE("what is wrong in a filter file is named") {
  FilterFile filter;
  CHECK_THAT(filter.add_lines("APP1\nTOOLONG X\n").value_or(""), Catch::Contains("line 2"));
  CHECK_THAT(filter.add_lines("A B C\n").value_or(""), Catch::Contains("line 1"));
  for (const auto& [text, words] : {std::pair{"[1]", "not a JSON object"},
                                    {"{", "not a JSON object"},
                                    {R"({"f": 3})", "'f' is not"},
                                    {R"({"f": {"AppId": "ABCDE"}})", "AppId"},
                                    {R"({"f": {"LogLevel": "7"}})", "LogLevel"},
                                    {R"({"f": {"LogLevel": "x"}})", "no number"},
                                    {R"({"f": {"PayloadMin": -1}})", "no number"},
                                    {R"({"f": {"Other": "1"}})", "not known"}}) {
    INFO(text);
    CHECK_THAT(filter.add_json(text).value_or("accepted"), Catch::Contains(words));
  }
}
