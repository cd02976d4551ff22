// How soon an application obeys a level that a client has changed.
#include <catch2/catch.hpp>

#include <time.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "dlt/proto/control.hpp"
#include "dlt/proto/level.hpp"
#include "end_to_end/app.hpp"
#include "support/client.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

using namespace std::chrono_literals;

std::int64_t monotonic_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

// The promise is 100 ms. A loaded machine may need longer without any fault of ours, so the time is shown and the test
// fails only where nobody would call it obeying any more.
TEST_CASE("an application obeys a changed level") {
  constexpr std::int64_t promise_ms = 100;
  constexpr std::int64_t hopeless_ms = 10'000;
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  App app(daemon);
  app.wait_until_connected();
  REQUIRE(eventually([&] { return status(daemon).contexts("E2EA").size() == 2; }));
  Client client(daemon.port());

  std::vector<std::int64_t> us;
  for (int i = 0; i < 21; ++i) {
    const Level level = i % 2 == 0 ? Level::debug : Level::info;
    const proto::control::SetLogLevel request{"E2EA", "MAIN", static_cast<std::int8_t>(level)};
    const auto frame = proto::control::frame(request, {});
    REQUIRE(frame);
    const std::int64_t sent = monotonic_ns();  // before the daemon can have received it
    client.send(*frame);
    std::istringstream told(app.told("level"));
    std::string name_of_level;
    std::int64_t obeyed = 0;
    told >> name_of_level >> obeyed;
    CHECK(name_of_level == name(level));
    CHECK(app.ask("say debug is it on?") == (level == Level::debug ? "1" : "0"));
    us.push_back((obeyed - sent) / 1000);
  }

  std::sort(us.begin(), us.end());
  const auto slower = std::count_if(us.begin(), us.end(), [](std::int64_t t) { return t > promise_ms * 1000; });
  std::cout << "level obeyed after " << us[us.size() / 2] << " us (median), " << us.back() << " us (longest of "
            << us.size() << "), " << slower << " over " << promise_ms << " ms\n";
  CHECK(us.back() < hopeless_ms * 1000);
}

}  // namespace dlt::test
