#include "tools/harmless.hpp"

#include <catch2/catch.hpp>
#include <string_view>
#include <vector>

using namespace dlt::tools;

namespace {

std::string harmless(std::string_view text, Escape how = Escape::bytes) {
  std::string out(text);
  make_harmless(out, 0, how);
  return out;
}

}  // namespace

TEST_CASE("text that says nothing to a terminal stays as it is") {
  for (const std::string_view text : {"", "plain ~", "two\nlines", "\xc3\xa4\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                      "\xc2\xa0", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    CHECK(harmless(text) == text);
}

TEST_CASE("what speaks to a terminal is shown byte by byte, or as JSON has it") {
  struct Row {
    std::string_view text;
    std::string_view bytes;
    std::string_view json;
  };
  for (const Row& row : std::vector<Row>{{"a\x1b[m", "a\\x1b[m", "a\\u001b[m"},
                                         {{"\0\r\t", 3}, "\\x00\\x0d\\x09", "\\u0000\\u000d\\u0009"},
                                         {"\x7f", "\\x7f", "\\u007f"},
                                         {"\xc2\x9b", "\\xc2\\x9b", "\\u009b"},
                                         {"\xe2\x80\xae!", "\\xe2\\x80\\xae!", "\\u202e!"},
                                         {"\xe2\x81\xa9", "\\xe2\\x81\\xa9", "\\u2069"}}) {
    CHECK(harmless(row.text) == row.bytes);
    CHECK(harmless(row.text, Escape::json) == row.json);
  }
}

TEST_CASE("bytes that are no UTF-8 are shown one by one, and what is around them stays") {
  CHECK(harmless("a\x9b\xc3") == "a\\x9b\\xc3");  // alone, cut off
  CHECK(harmless("\xc3(") == "\\xc3(");           // not gone on with
  CHECK(harmless("\xc0\x9b") == "\\xc0\\x9b");    // longer than it need be
  CHECK(harmless("\xe0\x80\x9b") == "\\xe0\\x80\\x9b");
  CHECK(harmless("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // half of a pair
  CHECK(harmless("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond the last one
  CHECK(harmless("\xff\xc3\xa4") == "\\xff\xc3\xa4");
}

TEST_CASE("what stands in front is not touched") {
  std::string text = "\x1b[31m\x1b";
  make_harmless(text, 5, Escape::bytes);
  CHECK(text == "\x1b[31m\\x1b");
}
