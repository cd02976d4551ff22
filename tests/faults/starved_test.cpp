// Requests for memory, descriptors and threads that are refused (F33): each once, for the n-th, until there is none.
#include <catch2/catch.hpp>

#include <iostream>
#include <map>

#include "faults/witness.hpp"
#include "support/client.hpp"
#include "support/daemon.hpp"
#include "support/status.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

namespace dlt::test {
namespace {

const std::string apps = DLT_FAULT_APPS;
const Daemon::Settings patient{{"ClientStallLimit", "60000"}, {"ClientTimeout", "3600"}};
constexpr int more_than_there_are = 5'000;

}  // namespace

TEST_CASE("an application that is refused its n-th request goes on, for every n", "[F33]") {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Client client(daemon.port());
  const bool all = GENERATE(false, true);
  int n = 1;
  for (; n < more_than_there_are; ++n) {
    TempDir dir;
    std::map<std::string, std::string> environment{{"DLT_DAEMON_ADDRESS", daemon.address()},
                                                   {"LD_PRELOAD", apps + "/starve.so"},
                                                   {"STARVE_AT", std::to_string(n)},
                                                   {"STARVE_FILE", dir / "refused"}};
    if (all) environment.emplace("STARVE_ALL", "1");
    const auto outcome = run({apps + "/starved", dir / "witness"}, environment);
    INFO("request " << n << (all ? " and all after it" : "") << ": " << outcome.out);
    REQUIRE(outcome.code == 0);
    const Witness witness(dir / "witness");
    std::map<std::uint32_t, std::uint64_t> got;
    REQUIRE(client.read_until([&](const ReceivedFrame& frame) {
      if (const auto number = numbered(frame)) ++got[number->thread];
      return got[1] == witness.accepted(1);
    }));
    if (!all) CHECK(got[0] == witness.accepted(0));  // one refusal costs no message
    if (read_file(dir / "refused").empty()) break;
  }
  CHECK(n < more_than_there_are);
  std::cout << n - 1 << " requests of an application refused, each " << (all ? "with all after it" : "alone") << '\n';
}

}  // namespace dlt::test

#endif
