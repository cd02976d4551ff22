// A daemon that is refused memory (F33) while messages are stored, snapshots taken, and a logstorage device comes and
// goes.
#include "dlt-daemon/support/peers.hpp"
#include "faults/starved_daemon.hpp"
#include "support/recorder_file.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

// Its snapshot is answered, then that which a client asks for, or who asks loses the connection.
bool take_snapshots(const Daemon& daemon) {
  namespace local = dlt::proto::local;
  RecorderFile file;
  file.segment(0, 0, 1, frame(0) + frame(1));
  auto app = Peer::to_unix(daemon.dir() / "app.sock");
  const dlt::daemon::Fd memory(file.descriptor());
  const auto answered = [](Peer& peer, const std::string& text) {
    for (std::string heard; heard.find(text) == std::string::npos;) {
      errno = 0;
      const auto some = peer.receive();
      if (some.empty()) return errno == 0 || errno == ECONNRESET;
      heard += some;
    }
    return true;
  };
  if (app.send(encoded(local::Hello{}) + registration()) &&
      app.send_with(encoded(local::Recorder{proto::recorder::version, file.segment_size(), file.size()}),
                    memory.get()) &&
      app.send(encoded(local::SnapshotRequest{1, "why"}))) {
    const std::string answer = encoded(local::SnapshotAnswer{}).substr(0, 8);  // magic and type
    if (!answered(app, answer)) return false;
  }
  auto client = Peer::to_tcp(daemon.port());
  if (!client.send(request(control::TakeSnapshot{}))) return true;
  const auto service = static_cast<std::uint32_t>(control::Service::snapshot);
  return answered(client, std::string(reinterpret_cast<const char*>(&service), sizeof service));
}
// The status that dlt-logstorage-ctrl would be given; 255: the connection is lost. Nothing: neither, until the
// deadline.
std::optional<std::uint8_t> ask_logstorage(const Daemon& daemon, std::uint8_t what) {
  auto peer = Peer::to_unix(daemon.dir() / "ctrl.sock");
  constexpr std::size_t size = 27;
  errno = 0;
  if (!peer.send(request(control::OfflineLogstorage{daemon.dir() / "usb", what}))) return 255;
  const std::string answer = peer.receive(size);
  if (answer.size() == size) return static_cast<std::uint8_t>(answer[size - 1]);
  if (errno == EAGAIN) return std::nullopt;
  return 255;
}
constexpr std::uint8_t disconnects = 0;
constexpr std::uint8_t connects = 1;
constexpr std::uint8_t syncs = 2;

void plug_in(const Daemon& daemon) {
  std::filesystem::create_directory(daemon.dir() / "usb");
  write_file(daemon.dir() / "usb/dlt_logstorage.conf",
             "[FILTER1]\nLogAppName=APP1\nContextName=CTX1\nLogLevel=DLT_LOG_VERBOSE\nFile=now\nFileSize=8192\n"
             "NOFiles=3\n"
             "[FILTER2]\nLogAppName=APP1\nContextName=CTX1\nLogLevel=DLT_LOG_VERBOSE\nFile=later\nFileSize=8192\n"
             "NOFiles=3\nSyncBehavior=ON_DEMAND\n");
}
bool use_logstorage(const Daemon& daemon) {
  if (!ask_logstorage(daemon, connects) || !log_one_by_one(daemon)) return false;
  return ask_logstorage(daemon, syncs) && ask_logstorage(daemon, disconnects);
}

void fault_f33_of_logstorage(int step) {
  const auto settings = Daemon::Settings{{"ControlSocketPath", "./ctrl.sock"}, {"OfflineLogstorageMaxDevices", "1"}};
  fault_f33(
      "logstorage", step, settings, [](const Daemon& daemon, int) { return use_logstorage(daemon); },
      [](const Daemon& daemon) {
        plug_in(daemon);
        return ask_logstorage(daemon, connects) == 0 && ask_logstorage(daemon, disconnects) == 0 &&
               look(daemon).at("logstorage").empty();
      });
}

}  // namespace

TEST_CASE("F33: a daemon without memory for storage lives, and stores or counts each message", "[F33]") {
  const auto settings = Daemon::Settings{{"OfflineTraceDirectory", "./stored"},
                                         {"OfflineTraceCompression", "0"},
                                         {"OfflineTraceFileSize", "8192"},
                                         {"OfflineTraceFlushInterval", "1"}};
  fault_f33(
      "storage", 1, settings, [](const Daemon& daemon, int) { return log_one_by_one(daemon); },
      [](const Daemon& daemon) {
        return eventually([&] {
          const auto status = look(daemon);
          const auto& storage = status.at("storage");
          return storage.at("queued_bytes") == 0 && storage.at("state") == "writing" &&
                 storage.at("written").at("messages").get<std::uint64_t>() +
                         storage.at("dropped").at("messages").get<std::uint64_t>() ==
                     status.at("totals").at("received_messages").get<std::uint64_t>();
        });
      });
}

TEST_CASE("F33: a daemon without memory for snapshots lives, answers who asks, and makes the next ones", "[F33]") {
  const auto settings = Daemon::Settings{{"SnapshotDirectory", "./snapshots"}, {"SnapshotMaxFiles", "4"}};
  const auto taken = [](const Daemon& daemon) { return look(daemon).at("snapshots").at("taken").get<std::uint64_t>(); };
  fault_f33(
      "snapshots", 1, settings, [](const Daemon& daemon, int) { return take_snapshots(daemon); },
      [&](const Daemon& daemon) {
        const auto before = taken(daemon);
        return take_snapshots(daemon) && taken(daemon) > before;
      });
}

TEST_CASE("F33: a daemon without memory for a logstorage device lives, and connects it again", "[F33]") {
  fault_f33_of_logstorage(9);
}

TEST_CASE("F33: a daemon without memory for a logstorage device lives, whatever of it is refused", "[F33][long]") {
  fault_f33_of_logstorage(1);
}

#endif
