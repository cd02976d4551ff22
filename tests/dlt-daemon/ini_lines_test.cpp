#include "ini_lines.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace dlt::daemon;

namespace {

struct Recorder {
  std::vector<std::string> seen;
  void section(std::size_t n, std::string_view name, std::string_view) {
    seen.push_back(std::to_string(n) + "[" + std::string(name) + "]");
  }
  void pair(std::size_t n, std::string_view key, std::string_view value) {
    seen.push_back(std::to_string(n) + std::string(key) + "->" + std::string(value));
  }
  void rubbish(std::size_t n, std::string_view text) { seen.push_back(std::to_string(n) + "?" + std::string(text)); }
};

std::vector<std::string> read(std::string_view text) {
  Recorder r;
  read_ini(text, r);
  return r.seen;
}

}  // namespace

TEST_CASE("sections, pairs and rubbish of an INI file come with their lines") {
  CHECK(
      read("\xef\xbb\xbf; a comment\n# another\n\n[ One ]\r\n key = a value ; not a comment\nb=\n=c\nwhat\n[two\n[]") ==
      std::vector<std::string>{"4[One]", "5key->a value ; not a comment", "6b->", "7->c", "8?what", "9[]", "10[]"});
  CHECK(read("").empty());
}

TEST_CASE("a numbered name is a word and digits") {
  CHECK(is_numbered("FILTER1", "FILTER"));
  CHECK(is_numbered("FILTER007", "FILTER"));
  CHECK_FALSE(is_numbered("FILTER", "FILTER"));
  CHECK_FALSE(is_numbered("FILTER1a", "FILTER"));
  CHECK_FALSE(is_numbered("FILTE", "FILTER"));
}

TEST_CASE("a list is cut at its commas") {
  std::string all;
  for_each_entry(" a, b ,,c", [&](std::string_view one) { all += "<" + std::string(one) + ">"; });
  CHECK(all == "<a><b><><c>");
}
