#include "json_text.hpp"

#include <catch2/catch.hpp>

#include <limits>

using dlt::daemon::JsonText;
using nlohmann::json;

TEST_CASE("numbers, truth, nothing and texts are what JSON says they are") {
  CHECK(json::parse(JsonText(true).text()) == json(true));
  CHECK(json::parse(JsonText(std::numeric_limits<std::uint64_t>::max()).text()) ==
        json(std::numeric_limits<std::uint64_t>::max()));
  CHECK(json::parse(JsonText(std::int8_t{-2}).text()) == json(-2));
  CHECK(json::parse(JsonText(std::uint8_t{65}).text()) == json(65));
  CHECK(json::parse(JsonText(0.25).text()) == json(0.25));
  CHECK(json::parse(JsonText::null().text()) == json(nullptr));
  CHECK(json::parse(JsonText("text").text()) == json("text"));
  CHECK(json::parse(JsonText("").text()) == json(""));
}

TEST_CASE("every character of a text comes back, what is no UTF-8 replaced") {
  for (int c = 0; c < 128; ++c) {
    const std::string text = "a" + std::string(1, static_cast<char>(c)) + "b";
    CHECK(json::parse(JsonText(text).text()) == json(text));
  }
  CHECK(json::parse(JsonText("\xc3\xa4").text()) == json("\xc3\xa4"));
  CHECK(json::parse(JsonText("a\xff").text()) == json("a\xef\xbf\xbd"));
}

TEST_CASE("objects and arrays hold what was put into them, in each other too") {
  JsonText list = JsonText::array();
  CHECK(json::parse(list.text()) == json::array());
  list.push_back({{"id", "A"}, {"n", 1}});
  list.push_back(JsonText::object());
  list.push_back("x");
  JsonText all = {{"list", list}, {"of", {{"a \"key\"", false}}}};
  all.add("later", 7);

  CHECK(json::parse(all.text()) == json::parse(R"({"list": [{"id": "A", "n": 1}, {}, "x"],
                                                   "of": {"a \"key\"": false}, "later": 7})"));
}
