// F06: a client that never reads and one that reads at 20 kB/s, beside one that keeps up.
#include <catch2/catch.hpp>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"

using namespace dlt;
using namespace dlt::test;

namespace {

void fault_f06(std::chrono::seconds how_long) {
  constexpr std::uint64_t queue = 1 << 20;
  Daemon daemon(DLT_DAEMON, {{"ClientQueueSize", std::to_string(queue)}, {"ClientTimeout", "3600"}});
  daemon.start();
  const auto rss_before = kib(daemon.process().pid(), "VmRSS");
  Bystander good(daemon, "GOOD", {.messages = 10, .every = std::chrono::milliseconds(2), .extra = 500});
  const auto stopped = RawPeer::to_tcp(daemon.port(), 4096);
  const auto slow = RawPeer::to_tcp(daemon.port(), 4096);
  std::atomic<bool> done{false};
  std::thread reading_slowly([&] {
    while (!done && !slow.receive(2000).empty()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  });

  const auto dropped = [&](std::size_t client) {
    return look(daemon).at("clients").at(client).at("dropped").at("messages").get<std::uint64_t>();
  };
  const bool both_lose = eventually([&] { return dropped(1) > 0 && dropped(2) > 0; });
  const auto until = std::chrono::steady_clock::now() + how_long;
  while (std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto rss = kib(daemon.process().pid(), "VmRSS");
  const auto good_dropped = dropped(0);
  const auto books = good.finish();
  done = true;
  reading_slowly.join();

  CHECK(both_lose);
  INFO("sent " << books.sent << ", received " << books.received << ", longest gap " << books.longest_gap.count()
               << " ms");
  CHECK(books.all_well());
  CHECK(good_dropped == 0);
  // Three full queues with what is shared out, the slabs that are being filled, and what any process gains.
  INFO("RSS from " << rss_before << " to " << rss << " KiB");
  if (!sanitized) CHECK(rss - rss_before < 3 * (queue + queue / 4) * 11 / 10 / 1024 + 8 * 1024);
  CHECK(daemon.stop() == 0);
}

}  // namespace

TEST_CASE("F06: clients that never read or read slowly cost the others nothing", "[F06]") {
  fault_f06(std::chrono::seconds(1));
}

TEST_CASE("F06: clients that never read or read slowly cost the others nothing, for a minute", "[F06][long]") {
  fault_f06(std::chrono::seconds(60));
}
