// A daemon that is refused memory (F33) while it ends: it is gone in time all the same, and each message that it had
// is stored, or its log says how many are not.
#include <regex>

#include "dlt-daemon/support/peers.hpp"
#include "faults/starved_daemon.hpp"
#include "faults/stored_numbers.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

constexpr std::uint32_t messages = 500;

const Daemon::Settings storing{{"OfflineTraceDirectory", "./stored"},  {"OfflineTraceCompression", "0"},
                               {"OfflineTraceFlushInterval", "60000"}, {"SnapshotDirectory", "./snapshots"},
                               {"ControlSocketPath", "./ctrl.sock"},   {"OfflineLogstorageMaxDevices", "1"}};

// A device that is connected: its filter keeps everything in memory until the end.
void connect_device(const Daemon& daemon) {
  std::filesystem::create_directory(daemon.dir() / "usb");
  write_file(daemon.dir() / "usb/dlt_logstorage.conf",
             "[FILTER1]\nLogAppName=APP1\nContextName=CTX1\nLogLevel=DLT_LOG_VERBOSE\nFile=late\nFileSize=1000000\n"
             "NOFiles=3\nSyncBehavior=ON_DAEMON_EXIT\n");
  auto peer = Peer::to_unix(daemon.dir() / "ctrl.sock");
  constexpr std::size_t answer = 27;
  REQUIRE(peer.send(request(control::OfflineLogstorage{daemon.dir() / "usb", 1})));
  REQUIRE(peer.receive(answer).size() == answer);
}

std::size_t stored(const std::filesystem::path& directory, const std::string& prefix) {
  return std::filesystem::exists(directory) ? stored_in(directory, prefix).numbers.size() : 0;
}
// By what `who` says at the end.
std::uint64_t not_stored(const std::string& log, const std::string& who) {
  const std::regex line(who + ": ([0-9]+) messages are not stored");
  std::smatch found;
  return std::regex_search(log, found, line) ? std::stoull(found[1]) : 0;
}

// The n-th request while it ends is refused, or that and all after it for a while. How many were.
std::int64_t end_without_memory(int n, bool all) {
  StarvedDaemon d(storing);
  connect_device(d.daemon);
  const auto viewer = RawPeer::to_tcp(d.daemon.port());
  const auto app = RawPeer::to_unix(d.daemon.dir() / "app.sock");
  REQUIRE(app.send(registration() + numbered_batch(0, messages)));
  REQUIRE(eventually([&] { return look(d.daemon).at("totals").at("received_messages") == messages; }));
  d.memory.arm(n, all);
  std::thread relief;
  if (all)
    relief = std::thread([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      d.memory.give();
    });
  const auto code = d.daemon.stop();
  if (all) relief.join();
  const auto log = d.daemon.log();
  INFO("request " << n << (all ? " and all after it: " : ": ") << log);
  REQUIRE(code == 0);
  REQUIRE(stored(d.daemon.dir() / "stored", "dlt_") + not_stored(log, "the daemon ends") == messages);
  REQUIRE(stored(d.daemon.dir() / "usb", "late_") + not_stored(log, "usb") == messages);
  return d.memory.disarm();
}

}  // namespace

TEST_CASE("F33: a daemon that is refused memory while it ends has stored or counted each message", "[F33]") {
  const bool all = GENERATE(false, true);
  int n = 1;
  while (n < more_than_there_are && end_without_memory(n, all) > 0) ++n;
  CHECK(n > 1);
  CHECK(n < more_than_there_are);
  std::cout << "ending: " << n - 1 << " requests of the daemon refused, each " << (all ? "with all after it" : "alone")
            << '\n';
}

#endif
