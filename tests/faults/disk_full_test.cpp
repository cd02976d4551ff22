// The disk under the daemon fails (F19): viewers notice nothing, storage counts exactly what is missing and goes on.
// What each call of storage does when it fails is tests/dlt-daemon/storage/failing_calls_test.cpp, everywhere.
#include <catch2/catch.hpp>

#include <thread>

#include "faults/raw_app.hpp"
#include "faults/stored_numbers.hpp"
#include "support/daemon.hpp"
#include "support/skip.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

Daemon::Settings storing(const std::string& directory) {
  return {{"OfflineTraceDirectory", directory}, {"OfflineTraceCompression", "0"}, {"OfflineTraceQueueSize", "1M"},
          {"OfflineTraceFlushInterval", "1"},   {"OfflineTraceStallLimit", "0"},  {"ClientStallLimit", "60000"}};
}

// Everything sent is either written or dropped.
Status settled(const Daemon& daemon, std::uint64_t sent) {
  Status last;
  CHECK(eventually([&] {
    last = status(daemon);
    return last.storage.written + last.storage.dropped == sent && last.storage.queued_bytes == 0;
  }));
  return last;
}

}  // namespace

TEST_CASE("a full disk costs stored messages only, they are counted, and storage goes on within 5 s", "[F19]") {
  if (run({"unshare", "-m", "mount", "-t", "tmpfs", "t", "/mnt"}).code != 0) {
    skip("this process may not mount a file system of its own");
    return;
  }
  Daemon daemon(DLT_DAEMON);
  for (const auto& [key, value] : storing(daemon.dir() / "disk")) daemon.set(key, value);
  std::filesystem::create_directory(daemon.dir() / "disk");
  daemon.wrap({"unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=6m,mode=0755 t \"$0\" && exec \"$@\"",
               daemon.dir() / "disk"});
  daemon.start();
  const std::filesystem::path disk = "/proc/" + std::to_string(status(daemon).pid) + "/root" + (daemon.dir() / "disk");
  Client client(daemon.port());
  RawApp app(daemon.dir() / "app.sock");
  std::string wrong;
  const auto send = [&](std::uint32_t count) {  // a kilobyte each
    const std::uint32_t first = app.next();
    std::thread sender([&] { app.send(count, 1000); });
    wrong = read_in_order(client, first, first + count);
    sender.join();
  };

  send(100);
  CHECK(wrong.empty());
  settled(daemon, 100);
  { std::ofstream(disk / "ballast") << std::string(6 << 20, 'b'); }  // as much of it as there is room for
  send(5000);
  CHECK(wrong.empty());
  CHECK(eventually([&] { return status(daemon).storage.state == "suspended"; }));
  CHECK(status(daemon).storage.problem.find("No space left on device") != std::string::npos);
  CHECK(status(daemon).storage.dropped > 0);

  std::filesystem::remove(disk / "ballast");
  const auto freed = std::chrono::steady_clock::now();
  CHECK(eventually([&] { return status(daemon).storage.state == "writing"; }));
  CHECK(std::chrono::steady_clock::now() - freed < std::chrono::seconds(5));
  settled(daemon, 5100);
  send(100);
  CHECK(wrong.empty());

  const Status last = settled(daemon, 5200);
  const StoredNumbers stored = stored_in(disk);
  CHECK(stored.numbers.size() == last.storage.written);
  CHECK(stored.numbers.size() == 5200 - last.storage.dropped);
  CHECK(stored.rising());
  CHECK(stored.skipped == 0);
  CHECK(last.clients.at(0).dropped == 0);
  CHECK(daemon.stop() == 0);
}

TEST_CASE("a disk whose every third write fails holds everything in the end", "[F19]") {
  if (sanitized || run({"strace", "-e", "trace=none", "true"}).code != 0) {
    skip("this process may not be traced");
    return;
  }
  const std::string error = GENERATE("ENOSPC", "EIO", "EROFS", "EDQUOT");
  CAPTURE(error);
  Daemon daemon(DLT_DAEMON);
  for (const auto& [key, value] : storing(daemon.dir() / "stored")) daemon.set(key, value);
  daemon.set("OfflineTraceFileSize", "64k");
  daemon.wrap({"strace", "-D", "-f", "-qq", "-o", daemon.dir() / "trace", "--seccomp-bpf", "-e", "trace=pwrite64", "-e",
               "inject=pwrite64:error=" + error + ":when=2+3"});
  daemon.start();
  Client client(daemon.port());
  RawApp app(daemon.dir() / "app.sock");

  for (std::uint32_t round = 1; round <= 4; ++round) {
    REQUIRE(app.send(100));
    CHECK(read_in_order(client, app.next() - 100, app.next()).empty());
    CHECK(settled(daemon, app.next()).storage.dropped == 0);
  }
  CHECK(daemon.stop() == 0);

  const StoredNumbers stored = stored_in(daemon.dir() / "stored");
  CHECK(stored.numbers.size() == app.next());
  CHECK(stored.without_gap());
  CHECK(stored.skipped == 0);
  CHECK(read_file(daemon.dir() / "trace").find("INJECTED") != std::string::npos);
}

}  // namespace dlt::test
