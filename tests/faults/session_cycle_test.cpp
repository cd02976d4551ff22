// Sessions that come and go in one process (F17), with start and end, and with a plugin that is loaded and unloaded.
#include <catch2/catch.hpp>

#include <iostream>
#include <sstream>

#include "faults/resources.hpp"
#include "support/client.hpp"
#include "support/daemon.hpp"

namespace dlt::test {
namespace {

#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
constexpr std::uint64_t growth_kib = 64 * 1024;  // of the sanitizer
constexpr std::uint64_t more_mappings = 100;
#else
constexpr std::uint64_t growth_kib = 1024;
constexpr std::uint64_t more_mappings = 2;  // the heap's own
#endif

}  // namespace

TEST_CASE("starting and ending the session 1,000 times does not use anything up", "[F17]") {
  constexpr int count = 1000;
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  const auto outcome = run({std::string(DLT_FAULT_APPS) + "/cycles", std::to_string(count)},
                           {{"DLT_DAEMON_ADDRESS", daemon.address()}, {"ASAN_OPTIONS", "quarantine_size_mb=16"}},
                           std::chrono::minutes(20));
  INFO(outcome.out);
  REQUIRE(outcome.code == 0);
  Resources early;
  Resources late;
  std::istringstream in(outcome.out);
  for (Resources* r : {&early, &late}) in >> r->descriptors >> r->threads >> r->mappings >> r->resident_kib;
  REQUIRE(in);
  std::cout << count << " cycles: " << early.text() << " -> " << late.text() << '\n';
  CHECK(late.descriptors == early.descriptors);
  CHECK(late.threads == early.threads);
  CHECK(late.mappings <= early.mappings + more_mappings);
  CHECK(late.resident_kib <= early.resident_kib + growth_kib);
}

TEST_CASE("a plugin that logs is unloaded while its thread lives, and loaded again", "[F17]") {
  constexpr int times = 20;
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  Client client(daemon.port());
  const std::string apps = DLT_FAULT_APPS;

  const auto outcome = run({apps + "/plugin_host", apps + "/plugin.so", std::to_string(times)},
                           {{"DLT_DAEMON_ADDRESS", daemon.address()}});

  INFO(outcome.out);
  CHECK(outcome.code == 0);
  int arrived = 0;
  CHECK(client.read_until([&](const ReceivedFrame& frame) {
    if (frame.extended.context == ContextId("PLUG") && frame.extended.msin != proto::msin::control_response) ++arrived;
    return arrived == 2 * times;
  }));
}

}  // namespace dlt::test
