// The memory of the daemon follows from its configuration (F28), however much everybody sends and nobody reads.
#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <thread>

#include "faults/raw_app.hpp"
#include "support/daemon.hpp"
#include "support/status.hpp"

namespace dlt::test {

TEST_CASE("full queues, a full backlog and full storage stay within what the configuration says", "[F28]") {
  constexpr std::uint64_t MiB = 1 << 20;
  constexpr std::uint32_t clients = 16;
  constexpr std::uint32_t apps = 50;
  Daemon daemon(DLT_DAEMON, {{"ClientQueueSize", "1M"},
                             {"ClientStallLimit", "0"},
                             {"RingbufferMaxSize", "1M"},
                             {"OfflineTraceQueueSize", "1M"},
                             {"OfflineTraceStallLimit", "0"}});
  write_file(daemon.dir() / "no directory", "");
  daemon.set("OfflineTraceDirectory", daemon.dir() / "no directory");  // storage is suspended: its queue fills
  daemon.start();
  const std::uint64_t base = status(daemon).rss_bytes;
  std::vector<std::unique_ptr<Client>> readers;  // that never read
  for (std::uint32_t i = 0; i < clients; ++i) readers.push_back(std::make_unique<Client>(daemon.port()));
  std::vector<std::thread> senders;
  std::atomic<std::uint64_t> sent{0};
  for (std::uint32_t i = 0; i < apps; ++i)
    senders.emplace_back([&] {
      RawApp app(daemon.dir() / "app.sock");
      if (app.send(1500, 1000)) sent += 1500;
    });
  for (auto& sender : senders) sender.join();
  CHECK(sent == apps * 1500);  // 77 MB

  Status last;
  CHECK(eventually([&] {
    last = status(daemon);
    return last.received("APP1") == 0 ? false : last.received("APP1") == sent;
  }));
  std::uint64_t dropped = 0;
  for (const auto& client : last.clients) dropped += client.dropped;
  CHECK(dropped > 0);
  CHECK(last.storage.dropped > 0);
  // Each queue holds on to whole slabs of 512 KiB, and each connection has a little of its own.
  const std::uint64_t queues = (clients + 2) * (MiB + MiB);
  const std::uint64_t ceiling = base + queues + (clients + apps) * 64 * 1024 + 8 * MiB;
  INFO("base " << base << ", peak " << last.peak_rss_bytes << ", ceiling " << ceiling);
  CHECK(last.peak_rss_bytes > base + 2 * MiB);  // the queues did fill
#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)
  CHECK(last.peak_rss_bytes <= ceiling);
#endif
  readers.clear();
  CHECK(daemon.stop() == 0);
}

}  // namespace dlt::test
