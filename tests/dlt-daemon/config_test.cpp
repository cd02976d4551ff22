#include "config.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "incumbent_keys.hpp"

using namespace dlt;
using namespace dlt::daemon;

namespace {

std::string shipped_file() {
  std::ifstream in(std::string(DLT_TEST_DATA) + "/../config/dlt-daemon.conf");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The only error of a text.
std::string error_of(const std::string& text) {
  Config config;
  const auto errors = parse(config, text, "x.conf");
  REQUIRE(errors.size() == 1);
  CHECK(config == Config{});
  return errors.front().text();
}

}  // namespace

TEST_CASE("the shipped file says what the defaults are") {
  Config config;
  config.ecu = EcuId("XXXX");
  config.port = 1;
  config.bind = {"127.9.9.9"};
  config.storage_compression = false;
  config.client_stall = std::chrono::milliseconds(1);

  const auto errors = parse(config, shipped_file(), "dlt-daemon.conf");

  CHECK(errors.empty());
  CHECK(config == Config{});
}

TEST_CASE("the shipped file shows every key") {
  const std::string text = shipped_file();
  for (const auto key : config_keys()) {
    INFO(key);
    CHECK((text.starts_with(key) || text.find(std::string(1, '\n').append(key).append(" =")) != std::string::npos));
  }
}

TEST_CASE("an unknown key is named with file and line") {
  CHECK(error_of("# comment\n\nRingbuferMaxSize = 5\n") == "x.conf:3: unknown key 'RingbuferMaxSize'");
}

TEST_CASE("a bad value is named with file, line and what was expected") {
  CHECK(error_of("Port = 70000") == "x.conf:1: Port = '70000': expected a number from 0 to 65535");
  CHECK(error_of("Port = 34x90").find("expected a number") != std::string::npos);
  CHECK(error_of("Port = -1").find("expected a number") != std::string::npos);
  CHECK(error_of("Port =").find("expected a number") != std::string::npos);
  CHECK(error_of("ECUId = \x01").find("one to four") != std::string::npos);
  CHECK(error_of("ReservedApplicationIds = TOOLONG=0").find("'TOOLONG' is longer than an id") != std::string::npos);
  CHECK(error_of("ApplicationQuotas = SPAM=1M;TOOLONG=1M").find("'TOOLONG' is longer than an id") != std::string::npos);
  CHECK(error_of("ContextLogLevel = 7").find("0 to 6") != std::string::npos);
  CHECK(error_of("SendMessageTime = yes").find("0 or 1") != std::string::npos);
  CHECK(error_of("ApplicationSocketPath = relative/path").find("absolute") != std::string::npos);
  CHECK(error_of("ApplicationSocketMode = 0999").find("octal") != std::string::npos);
  CHECK(error_of("BindAddress = localhost").find("numeric") != std::string::npos);
  CHECK(error_of("BindAddress = ;").find("numeric") != std::string::npos);
  CHECK(error_of("RingbufferReplay = maybe").find("unread or always") != std::string::npos);
  CHECK(error_of("just words").find("expected `Key = value`") != std::string::npos);
}

TEST_CASE("an ECU id that is too long is cut where the incumbent cuts it, and told; not where a command line has it") {
  Config config;
  std::vector<ConfigError> notes;
  CHECK(parse(config, "Port = 1\nECUId = TOOLONG\n", "x.conf", &notes).empty());
  CHECK(config.ecu == EcuId("TOOL"));
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].where == "x.conf:2");
  CHECK(notes[0].what == "ECUId: 'TOOLONG' is longer than an id and means 'TOOL'");
  CHECK(set(config, "ECUId", "TOOLONG").value_or("").find("one to four") != std::string::npos);
}

TEST_CASE("sizes take units and refuse what does not fit") {
  Config config;
  CHECK(parse(config, "RingbufferMaxSize = 64k\nClientQueueSize = 2M\nOfflineTraceMaxSize = 3 G", "f").empty());
  CHECK(config.ring_size == 64 * 1024);
  CHECK(config.client_queue == 2 << 20);
  CHECK(config.storage_max_size == 3ULL << 30);

  CHECK(set(config, "RingbufferMaxSize", "9223372036854775808").has_value());
  CHECK(set(config, "RingbufferMaxSize", "18446744073709551616").has_value());
  CHECK(set(config, "RingbufferMaxSize", "17179869184G").has_value());
  CHECK(set(config, "RingbufferMaxSize", "M").has_value());
}

TEST_CASE("comments begin at the start of a line or after a blank") {
  Config config;
  CHECK(parse(config, "Port = 1 # not 2\n  # all of it\nApplicationSocketPath = /a#b\n", "f").empty());
  CHECK(config.port == 1);
  CHECK(config.app_socket == "/a#b");
}

TEST_CASE("a byte order mark, carriage returns and a missing last newline are nothing special") {
  Config config;
  CHECK(parse(config, "\xef\xbb\xbfPort = 12\r\nECUId = E2\r", "f").empty());
  CHECK(config.port == 12);
  CHECK(config.ecu == EcuId("E2"));
}

TEST_CASE("garbage is reported line by line and printed harmlessly") {
  Config config;
  std::string text(1 << 20, 'x');
  text.push_back('\n');
  text += std::string("Port = 1\0 2", 11);
  text += "\n\x1b[31mred = 1\nPort = 5\n";

  const auto errors = parse(config, text, "f");

  REQUIRE(errors.size() == 3);
  CHECK(config.port == 5);
  for (const auto& e : errors) {
    CHECK(e.text().size() < 200);
    CHECK(e.text().find('\x1b') == std::string::npos);
  }
}

TEST_CASE("several addresses are one setting") {
  Config config;
  CHECK_FALSE(set(config, "BindAddress", "127.0.0.1 , ::1;10.0.0.1"));
  CHECK(config.bind == std::vector<std::string>{"127.0.0.1", "::1", "10.0.0.1"});
}

TEST_CASE("storage that could not keep one file is refused") {
  Config config;
  config.storage_max_size = config.storage_file_size - 1;
  CHECK(check(config).has_value());
  CHECK_FALSE(check(Config{}).has_value());
}

TEST_CASE("application ids are reserved for users by number") {
  Config config;
  CHECK(parse(config, "ReservedApplicationIds = SYS=0; NAVI = 1000\nApplicationIdOwner = anybody\n", "f").empty());
  CHECK(config.reserved_ids == std::map<AppId, Uid>{{"SYS", 0}, {"NAVI", 1000}});
  CHECK(config.shared_ids);
  for (const auto* wrong : {"SYS", "SYS=root", "SYSTEM=1", "=1", "SYS=4294967295", "SYS=0;;NAVI=1"})
    CHECK(set(config, "ReservedApplicationIds", wrong));
  CHECK(set(config, "ApplicationIdOwner", "root"));
  CHECK(config.reserved_ids.size() == 2);
}

TEST_CASE("whatever a file says, each line is taken within its limits or named with its number") {
  struct Hostile {
    std::string text;
    std::string where;  // of the only error; empty: there is none
  };
  const std::string nul("\0", 1);
  const std::vector<Hostile> table{
      {"", ""},
      {"\n\n\n", ""},
      {"\r\r\r", ""},
      {"#", ""},
      {std::string(1 << 20, '\n'), ""},
      {std::string(1 << 20, ' '), ""},
      {std::string(1 << 20, '#'), ""},
      {"\xef\xbb\xbf", ""},
      {"\xef\xbb\xbf\xef\xbb\xbfPort = 1", "x:1"},
      {std::string("\xff\xfeP\0o\0r\0t\0", 10), "x:1"},
      {"Port = 1\r\nPort = 2\r\n", ""},
      {"Port = 1\rPort = 2", "x:1"},
      {"\tPort\t=\t1\t", ""},
      {"Port=1", ""},
      {"= 1", "x:1"},
      {"=", "x:1"},
      {"Port", "x:1"},
      {"\n\nPort = = 1", "x:3"},
      {"port = 1", "x:1"},
      {"Port = 1 2", "x:1"},
      {"Port = +1", "x:1"},
      {"Port = 0x10", "x:1"},
      {"Port = 1e3", "x:1"},
      {"Port = 65536", "x:1"},
      {"Port = 1" + nul, "x:1"},
      {"Po" + nul + "rt = 1", "x:1"},
      {nul, "x:1"},
      {"Port = \xd9\xa1", "x:1"},  // an Arabic one
      {"Port = 99999999999999999999999999999", "x:1"},
      {"MaxClients = 0", "x:1"},
      {"MaxClients = 18446744073709551615", "x:1"},
      {"RingbufferMaxSize = 9223372036854775808", "x:1"},
      {"RingbufferMaxSize = -1", "x:1"},
      {"RingbufferMaxSize = 17179869184G", "x:1"},
      {"RingbufferMaxSize = 1T", "x:1"},
      {"RingbufferMaxSize = G", "x:1"},
      {"RingbufferMaxSize = 1kk", "x:1"},
      {"RingbufferMaxSize = 1.5M", "x:1"},
      {"ClientStallLimit = 18446744073709551616", "x:1"},
      {"ClientTimeout = 9999999999", "x:1"},
      {"ECUId = \xc3\xa9"
       "CU",
       "x:1"},
      {"ECUId =", "x:1"},
      {"ECUId = \x1b[3", "x:1"},
      {"ApplicationSocketMode = 7777777777777777777777", "x:1"},
      {"ApplicationSocketMode = 01777", "x:1"},
      {"ApplicationSocketMode = rw", "x:1"},
      {"ApplicationSocketGroup = a" + nul + "b", "x:1"},
      {"ApplicationSocketPath = run/dlt", "x:1"},
      {"ApplicationSocketPath = /run/\x1b[31m", "x:1"},
      {"OfflineTraceDirectory = /a" + nul + "/../etc", "x:1"},
      {"OfflineTraceDirectory = ../..", "x:1"},
      {"OfflineTraceSync = sometimes", "x:1"},
      {"OfflineTraceMaxFiles = 1000000000000", "x:1"},
      {"BindAddress = 1.2.3", "x:1"},
      {"BindAddress = ::1::", "x:1"},
      {"BindAddress = 127.0.0.1" + nul + ";::1", "x:1"},
      {"BindAddress = ;;;;", "x:1"},
      {"Unknown" + std::string(1 << 20, 'y') + " = 1", "x:1"},
      {"Port = " + std::string(1 << 20, '1'), "x:1"},
      {"Port = 1 \\\n", "x:1"},
      {"[section]", "x:1"},
      {"include /etc/passwd", "x:1"},
  };
  for (const Hostile& hostile : table) {
    Config config;
    const auto errors = parse(config, hostile.text, "x");
    INFO(hostile.text.substr(0, 80));
    CHECK(errors.size() == (hostile.where.empty() ? 0 : 1));
    for (const auto& error : errors) {
      CHECK(error.where == hostile.where);
      CHECK(error.text().size() < 300);
      CHECK(error.text().find_first_of(std::string_view("\0\x1b\n", 3)) == std::string::npos);
    }
    CHECK_FALSE(check(config));
  }
}

TEST_CASE("a file of nothing but errors is not read to its end") {
  Config config;
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += "x\n";
  const auto errors = parse(config, text + "Port = 7\n", "x");
  REQUIRE(errors.size() == 21);
  CHECK(errors.back().text() == "x:21: too many errors: the rest is not read");
  CHECK(config == Config{});
}

TEST_CASE("queues that could take all memory together are refused") {
  Config config;
  CHECK(parse(config, "MaxClients = 10000\nClientQueueSize = 1G\n", "x").empty());
  CHECK(check(config).value().find("MaxClients times ClientQueueSize") != std::string::npos);
  CHECK(parse(config, "ClientQueueSize = 6M\n", "x").empty());
  CHECK_FALSE(check(config));
}

TEST_CASE("one path for both sockets is refused") {
  Config config;
  CHECK(parse(config, "ApplicationSocketPath = /run/x.sock\nStatusSocketPath = /run/x.sock\n", "x").empty());
  CHECK(check(config).value().find("are the same") != std::string::npos);
}

TEST_CASE("what the incumbent's programs need is configured by its names") {
  Config config;
  CHECK(
      parse(config, "LegacyFifo = 1\nLegacyDirectory = /x\nDaemonFIFOSize = 0\nDaemonFifoGroup = log\n", "x").empty());
  CHECK(config.legacy_fifo);
  CHECK(config.legacy_directory == "/x");
  CHECK(config.legacy_fifo_size == 0);
  CHECK(config.legacy_fifo_group == "log");
  CHECK(parse(config, "DaemonFIFOSize = 65536\nLegacySocketPath = /y/dlt\n", "x").empty());
  CHECK(config.legacy_fifo_size == 65536);
  CHECK_FALSE(check(config));

  CHECK(error_of("DaemonFIFOSize = 100").find("4096 to") != std::string::npos);
  CHECK(error_of("LegacyFifo = yes").find("0 or 1") != std::string::npos);
  CHECK(error_of("LegacyDirectory = tmp").find("absolute") != std::string::npos);
}

TEST_CASE("names of the incumbent's that would be taken twice are refused") {
  Config config;
  CHECK(parse(config, "LegacyFifo = 1\nLegacyDirectory = /x\nLegacySocketPath = /x/dlt\n", "x").empty());
  CHECK(check(config).value() == "LegacySocketPath is the name of the FIFO in LegacyDirectory");
  CHECK(parse(config, "LegacyFifo = 0\nApplicationSocketPath = /x/dlt\n", "x").empty());
  CHECK(check(config).value() == "LegacySocketPath and ApplicationSocketPath are the same");
  CHECK(parse(config, "ApplicationSocketPath =\nStatusSocketPath = /x/dlt\n", "x").empty());
  CHECK(check(config).value() == "LegacySocketPath and StatusSocketPath are the same");
  CHECK(parse(config, "LegacySocketPath =\nLegacyFifo = 1\nLegacyDirectory =\n", "x").empty());
  CHECK(check(config).value() == "LegacyFifo = 1 wants a LegacyDirectory");
}

TEST_CASE("a list of addresses has an end") {
  std::string many = "127.0.0.1";
  for (int i = 0; i < 64; ++i) many += ";127.0.0.1";
  CHECK(error_of("BindAddress = " + many).find("at most 64") != std::string::npos);
}

TEST_CASE("a configuration of the incumbent's is read as it is") {
  // Every key of 2.18.8 and of the development tree after it, with a value that somebody may have given it.
  constexpr std::string_view text =
      "Verbose = 1\nDaemonize = 1\nSendSerialHeader = 1\nSendContextRegistration = 1\n"
      "SendContextRegistrationOption = 4\nSendMessageTime = 1\nECUId = BOX\nSharedMemorySize = 200000\n"
      "PersistanceStoragePath = /var/lib/dlt\nLoggingMode = 2\nLoggingLevel = 7\nLoggingFilename = /tmp/dlt.log\n"
      "EnableLoggingFileLimit = 1\nLoggingFileSize = 250000\nLoggingFileMaxSize = 1000000\nTimeOutOnSend = 4\n"
      "RingbufferMinSize = 500000\nRingbufferMaxSize = 20000000\nRingbufferStepSize = 500001\n"
      "ContextLogLevel = 3\nContextTraceStatus = 1\nForceContextLogLevelAndTraceStatus = 1\nInjectionMode = 0\n"
      "ControlSocketPath = /tmp/dlt-ctrl.sock\nOfflineTraceDirectory = /tmp/dlt\nOfflineTraceFileSize = 1000000\n"
      "OfflineTraceMaxSize = 4000000\nOfflineTraceFileNameTimestampBased = 1\nPrintASCII = 1\nPrintHex = 1\n"
      "PrintHeadersOnly = 1\nRS232DeviceName = /dev/ttyS0\nRS232Baudrate = 115200\nRS232SyncSerialHeader = 1\n"
      "TCPSyncSerialHeader = 1\nSendECUSoftwareVersion = 1\nPathToECUSoftwareVersion = /etc/os-release\n"
      "ECUSoftwareVersionFileField = VERSION_ID\nSendTimezone = 1\nUDPConnectionSetup = 1\n"
      "UDPMulticastIPAddress = 225.0.0.37\nUDPMulticastIPPort = 3491\nOfflineLogstorageMaxDevices = "
      "2\nOfflineLogstorageDirPath = /opt\n"
      "OfflineLogstorageTimestamp = 0\nOfflineLogstorageDelimiter = -\nOfflineLogstorageMaxCounter = 999\n"
      "OfflineLogstorageOptionalIndex = 1\nOfflineLogstorageCacheSize = 20000\nBindAddress = 127.0.0.1;127.0.0.2\n";
  Config config;
  std::vector<ConfigError> notes;

  const auto errors = parse(config, text, "dlt.conf", &notes);

  for (const auto& e : errors) UNSCOPED_INFO(e.text());
  CHECK(errors.empty());
  CHECK_FALSE(check(config));
  CHECK(config.ecu == EcuId("BOX"));
  CHECK(config.client_timeout == std::chrono::seconds(4));
  CHECK(config.logging_level == 7);
  CHECK(config.force_levels);
  CHECK(config.control_socket == "/tmp/dlt-ctrl.sock");
  CHECK(config.logstorage_devices == 2);
  CHECK(config.logstorage_directory == "/opt");
  CHECK(config.logstorage_naming == logstorage::Naming{'-', false, 999, true});
  CHECK(config.logstorage_cache_kib == 20'000);
  REQUIRE(notes.size() == 13);
  CHECK(notes[0].text() ==
        "dlt.conf:2: Daemonize has no effect: the option -d puts the daemon into the background; as a service it needs "
        "no such thing");
  CHECK(notes[2].text().find("dlt.conf:19: RingbufferStepSize has no effect") == 0);
}

TEST_CASE("a key of the incumbent's that asks for what is the case anyhow is not worth a line") {
  Config config;
  std::vector<ConfigError> notes;
  CHECK(parse(config, "UDPConnectionSetup = 0\nPrintASCII = 0\nDaemonize = 0\nVerbose = 0\n", "f", &notes).empty());
  CHECK(notes.empty());
  CHECK(config == Config{});
}

TEST_CASE("no key of the incumbent's is answered with words and also a key of ours") {
  for (const auto key : incumbent_keys()) {
    const auto ours = config_keys();
    CHECK(std::find(ours.begin(), ours.end(), key) == ours.end());
    CHECK(answer_incumbent_key(key, "something").value_or("").find(key) == 0);
  }
}

TEST_CASE("settings of the daemon's own log that cannot be together are named") {
  Config config;
  config.logging_mode = 2;
  CHECK(check(config).value_or("").find("LoggingFilename") != std::string::npos);
  config.logging_file = "/tmp/x";
  CHECK_FALSE(check(config));
  config.logging_limited = true;
  config.logging_max_size = 5000;
  CHECK(check(config).value_or("").find("LoggingFileMaxSize") != std::string::npos);
  config.control_socket = config.app_socket = "/a";
  CHECK(check(config).has_value());
}

TEST_CASE("quotas are a rate and a burst for each application") {
  Config config;
  CHECK_FALSE(set(config, "ApplicationQuotas", "SPAM=100k/1M; * = 2M"));
  CHECK(config.quotas == Quotas{{AppId("SPAM"), {100 << 10, 1 << 20}}, {AppId{}, {2 << 20, 2 << 20}}});
  for (const char* wrong : {"SPAM", "SPAM=", "SPAM=0", "=5", "TOOLONG=5", "SPAM=5/", "SPAM=5/x", "SPAM=-1", "A=1;;B"})
    CHECK(set(config, "ApplicationQuotas", wrong).value_or("").find("such as SPAM=100k/1M") != std::string::npos);
  CHECK_FALSE(set(config, "ApplicationQuotas", ""));
  CHECK(config.quotas.empty());
}
