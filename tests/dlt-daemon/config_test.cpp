#include "config.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

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
  CHECK(error_of("# comment\n\nRingbufferMinSize = 5\n") == "x.conf:3: unknown key 'RingbufferMinSize'");
}

TEST_CASE("a bad value is named with file, line and what was expected") {
  CHECK(error_of("Port = 70000") == "x.conf:1: Port = '70000': expected a number from 0 to 65535");
  CHECK(error_of("Port = 34x90").find("expected a number") != std::string::npos);
  CHECK(error_of("Port = -1").find("expected a number") != std::string::npos);
  CHECK(error_of("Port =").find("expected a number") != std::string::npos);
  CHECK(error_of("ECUId = TOOLONG").find("one to four") != std::string::npos);
  CHECK(error_of("ContextLogLevel = 7").find("0 to 6") != std::string::npos);
  CHECK(error_of("SendMessageTime = yes").find("0 or 1") != std::string::npos);
  CHECK(error_of("ApplicationSocketPath = relative/path").find("absolute") != std::string::npos);
  CHECK(error_of("ApplicationSocketMode = 0999").find("octal") != std::string::npos);
  CHECK(error_of("BindAddress = localhost").find("numeric") != std::string::npos);
  CHECK(error_of("BindAddress = ;").find("numeric") != std::string::npos);
  CHECK(error_of("RingbufferReplay = maybe").find("unread or always") != std::string::npos);
  CHECK(error_of("just words").find("expected `Key = value`") != std::string::npos);
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
