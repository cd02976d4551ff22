// F18: the daemon has no file descriptor left. It refuses who comes, serves who is there, and recovers.
#include <catch2/catch.hpp>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"

using namespace dlt;
using namespace dlt::test;

// UBSan's check of an object's type asks the memory through a pipe: without a descriptor for it, it finds each object
// bad.
#if !defined(DLT_WITH_UBSAN)
TEST_CASE("F18: without descriptors the daemon lives, does not spin, and recovers", "[F18]") {
  Daemon daemon(DLT_DAEMON, {{"MaxClients", "1000"}});
  daemon.start();
  Bystander good(daemon);
  REQUIRE(good.goes_on());
  const pid_t pid = daemon.process().pid();
  const auto limit = static_cast<rlim_t>(open_files(pid)) + 6;
  const rlimit few{limit, limit};
  REQUIRE(prlimit(pid, RLIMIT_NOFILE, &few, nullptr) == 0);

  std::vector<RawPeer> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(RawPeer::to_tcp(daemon.port()));
  for (int i = 0; i < 20; ++i) crowd.push_back(RawPeer::to_unix(daemon.dir() / "app.sock"));
  CHECK(eventually([&] { return daemon.log().find("cannot accept connections") != std::string::npos; }));
  CHECK(good.goes_on());
  const auto cpu = cpu_time(pid);
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < std::chrono::seconds(1))
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto starving = cpu_time(pid) - cpu;
  CHECK(daemon.process().running());
  CHECK(daemon.log().size() < 20'000);

  const auto freed = std::chrono::steady_clock::now();
  crowd.clear();
  CHECK(eventually([&] {
    const auto client = RawPeer::to_tcp(daemon.port());
    return client.send(request(proto::control::GetSoftwareVersion{})) && !client.receive().empty();
  }));
  const auto recovered = std::chrono::steady_clock::now() - freed;
  CHECK(good.goes_on());
  const auto books = good.finish();
  INFO("sent " << books.sent << ", received " << books.received);
  CHECK(books.all_well());
  INFO(starving.count() << " ms of processor time in a second without descriptors; served again after "
                        << std::chrono::duration_cast<std::chrono::milliseconds>(recovered).count() << " ms");
  if (!sanitized) CHECK(starving < std::chrono::milliseconds(300));  // a spinning daemon would use all of it
  CHECK(daemon.stop() == 0);
}
#endif
