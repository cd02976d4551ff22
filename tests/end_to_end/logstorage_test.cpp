// dlt-logstorage-ctrl connects a device, and what is stored there is what the incumbent's daemon stores.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "end_to_end/app.hpp"
#include "end_to_end/incumbent.hpp"
#include "end_to_end/shown.hpp"
#include "support/loopback.hpp"
#include "support/skip.hpp"
#include "support/status.hpp"

namespace dlt::test {

namespace {

const std::string conf =
    "[FILTER1]\nLogAppName=E2EA\nContextName=MAIN\nLogLevel=DLT_LOG_INFO\nFile=one\nFileSize=1000\nNOFiles=3\n"
    "[FILTER2]\nLogAppName=E2EA,OTHR\nContextName=.*\nLogLevel=DLT_LOG_VERBOSE\nFile=two\nFileSize=100000\nNOFiles=2\n"
    "SyncBehavior=ON_DEMAND\n"
    "[FILTER3]\nLogAppName=OTHR\nContextName=.*\nLogLevel=DLT_LOG_WARN\nFile=none\nFileSize=1000\nNOFiles=2\n";

// How many messages dlt-convert finds in each file.
using Counts = std::map<std::string, std::size_t>;
Counts counts(const std::string& folder) {
  Counts out;
  for (const auto& e : std::filesystem::directory_iterator(folder))
    if (e.path().extension() == ".dlt")
      out[e.path().filename()] = lines(run({"dlt-convert", "-a", e.path()}).out).size();
  return out;
}

constexpr int messages = 80;

// What the filters make of 80 messages of 53 bytes in one context, the newest of three files kept.
const Counts expected{{"one_3.dlt", 18}, {"one_4.dlt", 18}, {"one_5.dlt", 8}, {"two_1.dlt", 80}};

// A folder that is a device, and a dlt.conf that names it no further.
struct Device {
  explicit Device(const TempDir& dir) : path(dir / "usb"), socket(dir / "ctrl.sock"), dlt_conf(dir / "dlt.conf") {
    std::filesystem::create_directory(path);
    write_file(path + "/dlt_logstorage.conf", conf);
    write_file(dlt_conf, "UDPConnectionSetup = 0\nLoggingMode = 2\nLoggingFilename = " + dir / "own.log" +
                             "\nOfflineLogstorageMaxDevices = 2\nOfflineLogstorageTimestamp = 0\nControlSocketPath = " +
                             socket + "\nPersistanceStoragePath = " + dir / "" + "\n");
  }
  [[nodiscard]] int ctrl(std::vector<std::string> options) const {
    options.insert(options.begin(), "dlt-logstorage-ctrl");
    const Outcome said = run_with_dlt_conf(dlt_conf, options);
    UNSCOPED_INFO(said.out);
    return said.code;
  }

  std::string path;
  std::string socket;
  std::string dlt_conf;
};

}  // namespace

TEST_CASE("dlt-logstorage-ctrl connects a device, and dlt-convert reads what is stored there") {
  if (!may_mount()) {
    skip("this process may not have mounts of its own");
    return;
  }
  Daemon daemon(DLT_DAEMON);
  const Device usb(daemon.dir());
  daemon.set("ControlSocketPath", usb.socket);
  daemon.set("OfflineLogstorageMaxDevices", "1");
  daemon.set("OfflineLogstorageTimestamp", "0");
  daemon.start();
  App app(daemon, in_order);
  app.wait_until_connected();

  REQUIRE(usb.ctrl({"-c", "1", "-p", usb.path}) == 0);
  for (int i = 0; i < messages; ++i) REQUIRE(app.ask("say info " + std::to_string(10'000 + i)) == "1");
  REQUIRE(eventually([&] { return status(daemon).received("E2EA") == messages; }));
  CHECK(usb.ctrl({"-s" + usb.path}) == 0);
  CHECK(usb.ctrl({"-c", "0", "-p", usb.path}) == 0);

  CHECK(counts(usb.path) == expected);
  const auto newest = lines(run({"dlt-convert", "-a", usb.path + "/one_5.dlt"}).out);
  REQUIRE_FALSE(newest.empty());
  CHECK_THAT(newest.back(), Catch::Contains("ECU1 E2EA MAIN log info V 1 [10079]"));
}

TEST_CASE("the incumbent's daemon makes the same files of the same messages") {
  if (!may_mount()) {
    skip("this process may not have mounts of its own");
    return;
  }
  TempDir dir;
  const Device usb(dir);
  Child daemon({{incumbent_daemon, "-c", usb.dlt_conf, "-t", dir.path(), "-p", std::to_string(free_port())},
                {},
                {},
                dir / "err"});
  REQUIRE(eventually([&] { return std::filesystem::exists(usb.socket) && std::filesystem::exists(dir / "dlt"); }));

  REQUIRE(usb.ctrl({"-c", "1", "-p", usb.path}) == 0);
  // Its lines end in a newline: as long as those of our application.
  CHECK(run({"sh", "-c", "seq 1000 1079 | dlt-adaptor-stdin -a E2EA -c MAIN"}, {{"DLT_PIPE_DIR", dir.path()}}).code ==
        0);
  REQUIRE(eventually([&] { return counts(usb.path)["one_5.dlt"] == 8; }));
  CHECK(usb.ctrl({"-s" + usb.path}) == 0);
  CHECK(counts(usb.path) == expected);
  daemon.stop();
}

}  // namespace dlt::test
