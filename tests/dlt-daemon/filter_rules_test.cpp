#include "filter_rules.hpp"

#include <catch2/catch.hpp>

using namespace dlt;
using namespace dlt::daemon;

namespace {

FilterRules rules_of(std::initializer_list<const char*> texts) {
  FilterRules rules;
  for (const char* text : texts) {
    INFO(text);
    const auto problem = rules.add(text);
    CHECK(problem.value_or("") == "");
  }
  return rules;
}

}  // namespace

TEST_CASE("rules come a line each, all of them or none") {
  FilterRules rules;
  CHECK_FALSE(rules.add_lines("NAVI\n\n!:NOIS\n"));
  CHECK(rules.size() == 2);
  CHECK(rules.add_lines("GOOD\nTOOLONG").value_or("").find("TOOLONG") != std::string::npos);
  CHECK(rules.size() == 2);
  CHECK_FALSE(rules.add_lines(""));
}

TEST_CASE("a filter selects by application, context and level, with wildcards and negation") {
  const FilterSubject warn{"NAVI", "ROUT", Level::warn};
  const FilterSubject debug{"NAVI", "NOIS", Level::debug};
  const FilterSubject fatal{"MEDI", "PLAY", Level::fatal};
  const FilterSubject control{"DA1", "DC1", std::nullopt};
  const FilterSubject nobody{};
  struct Row {
    std::initializer_list<const char*> rules;
    bool warn, debug, fatal, control, nobody;
  };
  const Row rows[] = {
      {{}, true, true, true, true, true},
      {{"NAVI"}, true, true, false, false, false},
      {{"*"}, true, true, true, true, true},
      {{""}, true, true, true, true, true},
      {{"NAVI:ROUT"}, true, false, false, false, false},
      {{":ROUT"}, true, false, false, false, false},
      {{"N*"}, true, true, false, false, false},
      {{"?A*"}, true, true, false, true, false},
      {{"*I"}, true, true, true, false, false},
      {{"N?VI:*O*"}, true, true, false, false, false},
      {{"navi"}, false, false, false, false, false},
      {{"NAV"}, false, false, false, false, false},
      {{"::warn"}, true, false, true, false, false},
      {{"::3"}, true, false, true, false, false},
      {{"::=warn"}, true, false, false, false, false},
      {{"::=Debug"}, false, true, false, false, false},
      {{"::*"}, true, true, true, true, true},
      {{"::verbose"}, true, true, true, false, false},
      {{"!NAVI"}, false, false, true, true, true},
      {{"!*:NOIS"}, true, false, true, true, true},
      {{"NAVI", "!NAVI:NOIS"}, true, false, false, false, false},
      {{"!NAVI:NOIS", "NAVI"}, true, false, false, false, false},
      {{"NAVI:ROUT", "MEDI"}, true, false, true, false, false},
      {{"!::=debug"}, true, false, true, true, true},
  };
  for (const auto& row : rows) {
    std::string shown;
    for (const char* r : row.rules) shown += std::string(" ") + r;
    INFO("rules:" << shown);
    const FilterRules rules = rules_of(row.rules);
    CHECK(rules.pass(warn) == row.warn);
    CHECK(rules.pass(debug) == row.debug);
    CHECK(rules.pass(fatal) == row.fatal);
    CHECK(rules.pass(control) == row.control);
    CHECK(rules.pass(nobody) == row.nobody);
  }
}

TEST_CASE("what is wrong with a filter is named") {
  const std::pair<const char*, const char*> rows[] = {
      {"NAVIG", "'NAVIG' is no id"},
      {"NAVI:ROUTE", "'ROUTE' is no id"},
      {"AB?D?", "'AB?D?' is no id"},
      {"A:B:loud", "'loud' is no level"},
      {"A:B:0", "'0' is no level"},
      {"A:B:7", "'7' is no level"},
      {"A:B:=", "'' is no level"},
      {"A:B:=*", "'*' is no level"},
      {"A:B:info:x", "more than APP:CONTEXT:LEVEL"},
      {"!NAVIG", "filter '!NAVIG': 'NAVIG'"},
  };
  for (const auto& [text, words] : rows) {
    INFO(text);
    FilterRules rules;
    CHECK_THAT(rules.add(text).value_or("accepted"), Catch::Contains(words));
    CHECK(rules.pass({}));
  }
}
