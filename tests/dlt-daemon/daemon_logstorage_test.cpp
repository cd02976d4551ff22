// Logstorage through the whole daemon: devices come and go by control message, messages go into the files of filters.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/running_daemon.hpp"
#include "dlt-daemon/support/stored.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace control = dlt::proto::control;
namespace local = dlt::proto::local;

namespace {

std::string filter(int n, const std::string& context, const std::string& file, const std::string& more = {}) {
  return "[FILTER" + std::to_string(n) + "]\nLogAppName=APP1\nContextName=" + context + "\nFile=" + file +
         "\nLogLevel=DLT_LOG_VERBOSE\nFileSize=1000\nNOFiles=50\n" + more + "\n";
}

Config config_with(const TempDir& dir) {
  auto config = config_in(dir);
  config.control_socket = dir / "ctrl.sock";
  config.logstorage_devices = 2;
  config.logstorage_naming.timestamp = false;
  return config;
}

std::string device(const TempDir& dir, const std::string& name, const std::string& conf) {
  std::filesystem::create_directory(dir / name);
  write_file(dir / (name + "/dlt_logstorage.conf"), conf);
  return dir / name;
}

// The status that dlt-logstorage-ctrl would be given.
int ask(Peer& peer, const std::string& path, std::uint8_t what) {
  if (!peer.send(request(control::OfflineLogstorage{path, what}))) return -1;
  const std::string answer = peer.receive(27);
  if (answer.size() != 27 || proto::load_le<std::uint32_t>(answer.data() + 22) != 0xf05) return -1;
  return answer[26];
}
int ask(const TempDir& dir, const std::string& path, std::uint8_t what) {
  Peer peer = Peer::to_unix(dir / "ctrl.sock");
  return ask(peer, path, what);
}
constexpr std::uint8_t disconnects = 0;
constexpr std::uint8_t connects = 1;
constexpr std::uint8_t syncs = 2;

Numbers numbers(const std::string& folder, const std::string& file) {
  Numbers out;
  for (const auto& [name, bytes] : files_in(folder))
    if (name.starts_with(file + "_"))
      for (const auto n : stored_numbers(bytes)) out.push_back(n);
  std::sort(out.begin(), out.end());
  return out;
}

std::string messages(std::uint32_t from, std::uint32_t count, ContextId context) {
  std::string frames;
  for (std::uint32_t i = from; i < from + count; ++i) frames += frame(i, 20, "APP1", context);
  return batch(frames);
}

}  // namespace

TEST_CASE("messages go through the filters of a device into its files, also after a restart") {
  TempDir dir;
  const std::string usb =
      device(dir, "usb", filter(1, "CTX1", "one") + filter(2, "CTX1,CTX2", "both", "SyncBehavior=ON_DEMAND"));
  {
    RunningDaemon d(config_with(dir));
    REQUIRE(ask(dir, usb, connects) == 0);
    Peer app = d.app();
    REQUIRE(app.send(registration("APP1", {"CTX1", "CTX2"}) + messages(0, 40, "CTX1") + messages(40, 2, "CTX2") +
                     messages(42, 1, "CTX3")));
    REQUIRE(eventually([&] { return d.status()["logstorage"][0]["filters"][0]["stored"] == 40; }));
    CHECK(numbers(usb, "one") == up_to(40));
    CHECK(std::filesystem::exists(usb + "/one_3.dlt"));
    CHECK(numbers(usb, "both").empty());
    CHECK(ask(dir, usb, syncs) == 0);
    CHECK(numbers(usb, "both").size() == 15);  // the newest that a file has room for
    CHECK(ask(dir, usb + "/", disconnects) == 0);
    CHECK(d.status()["logstorage"].empty());
  }
  auto config = config_with(dir);
  config.logstorage_directory = usb;
  RunningDaemon d(config);
  REQUIRE(eventually([&] { return d.status()["logstorage"][0]["state"] == "connected"; }));
  Peer app = d.app();
  REQUIRE(app.send(registration() + messages(40, 5, "CTX1")));
  REQUIRE(d.received(5));
  d.stop();
  CHECK(numbers(usb, "one") == up_to(45));
}

TEST_CASE("requests for devices are answered as the incumbent answers them") {
  TempDir dir;
  RunningDaemon d(config_with(dir));
  const auto good = device(dir, "good", filter(1, "CTX1", "one"));
  const auto half = device(dir, "half", filter(1, "CTX1", "one") + filter(2, "CTX1", "two", "LogLevel=?"));
  const auto third = device(dir, "third", filter(1, "CTX1", "one"));
  CHECK(ask(dir, third, disconnects) == 0);  // nothing is connected there
  CHECK(ask(dir, dir / "none", connects) == 2);
  CHECK(ask(dir, "relative", connects) == 2);
  CHECK(ask(dir, "", connects) == 2);
  CHECK(ask(dir, good, connects) == 0);
  CHECK(ask(dir, good, connects) == 0);  // anew, with what the configuration says now
  CHECK(ask(dir, half, connects) == 4);  // but something is left out
  CHECK(ask(dir, third, connects) == 2);
  CHECK(ask(dir, third, disconnects) == 2);  // as long as it could not be connected either
  CHECK(ask(dir, third, syncs) == 0);
  CHECK(ask(dir, good, 3) == 2);
  CHECK(ask(dir, good, disconnects) == 0);
  CHECK(ask(dir, good, disconnects) == 0);
  CHECK(ask(dir, "relative", disconnects) == 2);
  CHECK(ask(dir, third, connects) == 0);
  CHECK(ask(dir, "", syncs) == 0);
}

TEST_CASE("a client at the port may not name a directory to write to") {
  TempDir dir;
  RunningDaemon d(config_with(dir));
  FrameClient viewer = d.client();
  REQUIRE(viewer.peer().send(request(control::OfflineLogstorage{dir / "x", connects})));
  const auto answer = viewer.control(0xf05);
  REQUIRE(answer.size() == 27);
  CHECK(answer[26] == 3);
}

TEST_CASE("contexts get the level that a filter wants, and their own back") {
  TempDir dir;
  RunningDaemon d(config_with(dir));
  const auto usb =
      device(dir, "usb", filter(1, "CTX1", "one") + filter(2, "CTX2", "two", "ResetLogLevel=DLT_LOG_ERROR"));
  Peer app = d.app();
  REQUIRE(app.send(registration("APP1", {"CTX1", "CTX2"})));
  // Level and position of the next LogLevel message.
  const auto level = [&] {
    for (;;) {
      const std::string head = app.receive(local::header_size);
      if (head.size() < local::header_size) return std::string("nothing");
      const bool is_level =
          proto::load_le<std::uint32_t>(head.data() + 4) == static_cast<std::uint32_t>(local::Type::log_level);
      const std::string body = app.receive(is_level ? 6 : 1);
      if (is_level) return std::to_string(body[0]) + " of " + std::to_string(body[2]);
    }
  };
  CHECK(level() == "4 of 0");
  CHECK(level() == "4 of 1");

  CHECK(ask(dir, usb, connects) == 0);
  CHECK(level() == "6 of 0");
  CHECK(level() == "6 of 1");
  Peer late = d.app();
  REQUIRE(late.send(registration()));
  const auto answer = late.receive(local::header_size + 1 + local::header_size + 6);
  REQUIRE(answer.size() >= 6);
  CHECK(answer[answer.size() - 6] == 6);

  CHECK(ask(dir, usb, disconnects) == 0);
  CHECK(level() == "6 of 1");  // its level is ERROR now, but the filter is still there
  CHECK(level() == "4 of 0");
  CHECK(level() == "2 of 1");
}

TEST_CASE("messages of a filter that disables the network are stored and go to no client") {
  TempDir dir;
  RunningDaemon d(config_with(dir));
  const auto usb = device(dir, "usb", filter(1, "CTX2", "secret", "DisableNetwork=ON"));
  CHECK(ask(dir, usb, connects) == 0);
  FrameClient viewer = d.client();
  REQUIRE(d.clients(1));
  Peer app = d.app();
  std::string frames;
  for (std::uint32_t i = 0; i < 10; ++i) frames += frame(i, 20, "APP1", i % 2 == 0 ? "CTX1" : "CTX2");
  REQUIRE(app.send(registration("APP1", {"CTX1", "CTX2"}) + batch(frames)));
  CHECK(viewer.numbers(5) == Numbers{0, 2, 4, 6, 8});
  CHECK(ask(dir, usb, disconnects) == 0);
  CHECK(numbers(usb, "secret") == Numbers{1, 3, 5, 7, 9});
  REQUIRE(app.send(messages(10, 1, "CTX2")));
  CHECK(viewer.numbers(1) == Numbers{10});
}
