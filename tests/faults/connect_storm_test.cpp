// F09: more connections than the daemon serves, as fast as they can be made, by clients and by applications.
#include <catch2/catch.hpp>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"

using namespace dlt;
using namespace dlt::test;

namespace {

// Connects `count` times and keeps every connection; what the storm took.
template <class Connect>
std::vector<RawPeer> storm(std::size_t count, Connect&& connect, std::chrono::duration<double>& took) {
  std::vector<RawPeer> peers;
  peers.reserve(count);
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) peers.push_back(connect());
  took = std::chrono::steady_clock::now() - begin;
  return peers;
}

void fault_f09(std::size_t count) {
  REQUIRE(many_descriptors() > count + 100);
  Daemon daemon(DLT_DAEMON, {{"MaxClients", "32"}});
  daemon.start();
  Bystander good(daemon);
  REQUIRE(good.goes_on());
  std::vector<RawPeer> early;
  for (int i = 0; i < 31; ++i) early.push_back(RawPeer::to_tcp(daemon.port()));
  REQUIRE(eventually([&] { return look(daemon).at("clients").size() == 32; }));

  std::chrono::duration<double> took{};
  const auto begin = std::chrono::steady_clock::now();
  const auto late = storm(
      count, [&] { return RawPeer::to_tcp(daemon.port()); }, took);
  std::size_t refused_peers = 0;
  for (const auto& peer : late) refused_peers += peer.is_closed() ? 1U : 0U;
  const std::chrono::duration<double> until_last = std::chrono::steady_clock::now() - begin;

  CHECK(refused_peers == count);
  CHECK(refused(daemon, "clients") == count);
  CHECK(look(daemon).at("clients").size() == 32);
  for (const auto& peer : early) CHECK_FALSE(peer.closed_now());
  const auto books = good.finish();
  CHECK(books.all_well());
  CHECK(daemon.log().size() < 20'000);  // not a line each
  CHECK(daemon.stop() == 0);
  WARN("F09: " << count << " connects in " << took.count() << " s, all refused after " << until_last.count()
               << " s: " << static_cast<std::size_t>(static_cast<double>(count) / until_last.count())
               << "/s; longest gap of another client " << books.longest_gap.count() << " ms");
}

}  // namespace

TEST_CASE("F09: a storm of clients is refused, those that are there stay", "[F09]") { fault_f09(1000 / scale); }

TEST_CASE("F09: a storm of 8000 clients is refused, those that are there stay", "[F09][long]") {
  fault_f09(8000 / scale);
}

TEST_CASE("F09: a storm of application connections is refused, those that are there stay", "[F09]") {
  constexpr std::size_t count = 1000 / scale;
  REQUIRE(many_descriptors() > count + 100);
  Daemon daemon(DLT_DAEMON, {{"MaxApplicationsPerUser", "20"}, {"MaxHandshakes", "10"}});
  daemon.start();
  Bystander good(daemon);
  REQUIRE(good.goes_on());

  std::chrono::duration<double> took{};
  const auto all = storm(
      count, [&] { return RawPeer::to_unix(daemon.dir() / "app.sock"); }, took);
  CHECK(eventually([&] {
    const auto status = look(daemon);
    return status.at("refused").at("handshakes").get<std::size_t>() == count - 10 &&
           status.at("users").at(0).at("connections") == 11;
  }));
  const auto books = good.finish();
  CHECK(books.all_well());
  CHECK(daemon.stop() == 0);
}

TEST_CASE("F09: clients that come and go all the time do not wear the daemon or its applications out", "[F09]") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  std::vector<RawPeer> apps;
  for (int i = 0; i < 50; ++i) {
    apps.push_back(RawPeer::to_unix(daemon.dir() / "app.sock"));
    REQUIRE(apps.back().send(registration(AppId("A" + std::to_string(i)))));
  }
  REQUIRE(eventually([&] { return look(daemon).at("applications").size() == 50; }));
  const auto files = open_files(daemon.process().pid());
  for (int i = 0; i < 1000 / scale; ++i) RawPeer::to_tcp(daemon.port()).close();
  CHECK(eventually([&] { return look(daemon).at("clients").empty(); }));
  CHECK(eventually([&] { return open_files(daemon.process().pid()) <= files; }));

  // The last word is right: nobody is there, then somebody is.
  const auto client = RawPeer::to_tcp(daemon.port());
  const auto there = encoded(proto::local::LogState{1});
  for (const auto& app : apps) {
    std::string heard;
    CHECK(eventually([&] {
      pollfd readable{app.fd(), POLLIN, 0};
      if (poll(&readable, 1, 0) == 1) heard += app.receive();
      return heard.ends_with(there);
    }));
  }
  CHECK(daemon.stop() == 0);
}
