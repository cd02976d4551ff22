#include "options.hpp"

#include <catch2/catch.hpp>

using namespace dlt::daemon;

namespace {
Options parsed(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "dlt-daemon");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}
}  // namespace

TEST_CASE("help and version are printed and nothing else happens") {
  CHECK(parsed({"--help"}).action == Options::Action::done);
  CHECK(parsed({"--help"}).message.find("--check-config") != std::string::npos);
  CHECK(parsed({"--version"}).message.find("dlt-daemon ") == 0);
}

TEST_CASE("wrong usage is told apart from everything else") {
  for (const std::vector<const char*>& wrong : std::vector<std::vector<const char*>>{
           {"--no-such-option"}, {"argument"}, {"--port"}, {"--set", "NoEquals"}, {"--status", "--format", "xml"}})
    CHECK(parsed(wrong).action == Options::Action::usage_error);
}

TEST_CASE("the directory of the FIFO has the incumbent's letter and a name") {
  using Pair = std::pair<std::string, std::string>;
  CHECK(parsed({"-t", "/x"}).overrides == std::vector<Pair>{{"LegacyDirectory", "/x"}});
  CHECK(parsed({"--legacy-dir", "/x"}).overrides == std::vector<Pair>{{"LegacyDirectory", "/x"}});
}

TEST_CASE("options that name a configuration key become overrides, in order") {
  const auto options = parsed({"--port", "0", "--app-socket=/x/app.sock", "-s", "Port=7", "--set", "ECUId=A=B"});
  CHECK(options.action == Options::Action::serve);
  using Pair = std::pair<std::string, std::string>;
  CHECK(options.overrides ==
        std::vector<Pair>{{"ApplicationSocketPath", "/x/app.sock"}, {"Port", "0"}, {"Port", "7"}, {"ECUId", "A=B"}});
}

TEST_CASE("a value with commas in it is one value") {
  const auto options = parsed({"--set", "ReservedApplicationIds=APP1:0,APP2:1000", "--set", "Port=7"});

  using Pair = std::pair<std::string, std::string>;
  CHECK(options.overrides == std::vector<Pair>{{"ReservedApplicationIds", "APP1:0,APP2:1000"}, {"Port", "7"}});
}
