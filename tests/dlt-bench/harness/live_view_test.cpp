#include "harness/live_view.hpp"

#include <catch2/catch.hpp>

using namespace dlt::bench;

namespace {

std::string text(const LiveView& view, std::size_t width = 80, bool colour = false) {
  std::string all;
  for (const auto& line : view.lines(width, 0, colour)) all += line + "\n";
  return all;
}

}  // namespace

TEST_CASE("the live view shows rates between the last two lines, drops, backlog, latency and each buffer") {
  LiveView view;
  view.begin("a case");

  view.hear("p 1000000000 1000 0 10 4 2048 6 2048");
  view.hear("p 2000000000 5001000 30 1500 500 2048 1024 2048");
  view.hear("c 1000000000 900 12.5 80");
  view.hear("c 2000000000 4000900 13.5 90.5");

  const std::string all = text(view);
  INFO(all);
  CHECK(all.find("a case") != std::string::npos);
  CHECK(all.find("accepted    5.00 M/s") != std::string::npos);
  CHECK(all.find("delivered   4.00 M/s") != std::string::npos);
  CHECK(all.find("dropped     30.0/s") != std::string::npos);
  CHECK(all.find("backlog     1.00 M") != std::string::npos);
  CHECK(all.find("p50 13.5 us") != std::string::npos);
  CHECK(all.find("[####................] of 2048") != std::string::npos);
  CHECK(all.find("[##########..........] of 2048") != std::string::npos);
}

TEST_CASE("without a client the live view's backlog is what the library holds") {
  LiveView view;
  view.begin("a case");

  view.hear("p 1000000000 1000 0 10");

  const std::string all = text(view);
  CHECK(all.find("backlog     10.0") != std::string::npos);
  CHECK(all.find("delivered") == std::string::npos);
}

TEST_CASE("the live view passes over what it does not understand") {
  LiveView view;
  view.begin("a case");

  for (const char* line : {"", "x 1 2 3", "p", "p one two", "c 5"}) view.hear(line);

  CHECK(text(view).find("accepted    0/s") != std::string::npos);
}

TEST_CASE("no line of the live view is longer than the terminal, and only a coloured one has escape codes") {
  LiveView view;
  view.begin(std::string(200, 'x'));
  for (int i = 1; i < 100; ++i) view.hear("p " + std::to_string(i) + "000000 " + std::to_string(i * i) + " 0 0");

  for (const auto& line : view.lines(30, 0, false)) {
    std::size_t characters = 0;
    for (const char c : line) characters += (static_cast<unsigned char>(c) & 0xc0U) != 0x80 ? 1 : 0;
    CHECK(characters <= 30);
  }
  CHECK(text(view).find('\033') == std::string::npos);
  CHECK(text(view, 80, true).find('\033') != std::string::npos);
}
