#include "route/refusals.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>
#include <set>
#include <sstream>

using namespace dlt::daemon;
using namespace std::chrono_literals;

TEST_CASE("each reason has a name of its own") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < refusal_reasons; ++i) names.insert(name(static_cast<Refusal>(i)));
  CHECK(names.size() == refusal_reasons);
  CHECK(names.count("unknown") == 0);
}

TEST_CASE("refusals are all counted and rarely told, one reason does not silence another") {
  std::ostringstream said;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(said)));
  Refusals refusals;
  const Refusals::Clock::time_point start{1h};
  for (int ms = 0; ms < 3000; ++ms) refusals.add(Refusal::clients, 1, start + ms * 1ms, "client {}", ms);
  refusals.add(Refusal::contexts, 7, start, "a context");
  spdlog::set_default_logger(before);

  CHECK(refusals.count(Refusal::clients) == 3000);
  CHECK(refusals.count(Refusal::contexts) == 7);
  CHECK(refusals.count(Refusal::rubbish) == 0);
  std::istringstream in(said.str());
  int lines = 0;
  for (std::string line; std::getline(in, line);) ++lines;
  CHECK(lines >= 6);
  CHECK(lines <= 9);
  CHECK(said.str().find("client 0 (clients: 1 so far)") != std::string::npos);
  CHECK(said.str().find("contexts: 7 so far") != std::string::npos);
}
