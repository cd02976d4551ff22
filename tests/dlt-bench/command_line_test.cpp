#include "command_line.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "cases.hpp"

using namespace dlt::bench;

namespace {
std::string complaint(const std::vector<std::string>& words) {
  try {
    (void)parse_command_line(words);
  } catch (const UsageError& e) {
    return e.text;
  }
  return "";
}
}  // namespace

TEST_CASE("without words there is help") { CHECK(parse_command_line({}).what == Command::What::help); }

TEST_CASE("a case can be named in every way that is documented") {
  const auto words = GENERATE(std::vector<std::string>{"quick"}, std::vector<std::string>{"case", "quick"},
                              std::vector<std::string>{"-c", "quick"}, std::vector<std::string>{"--case", "quick"});

  const Command command = parse_command_line(words);

  CHECK(command.what == Command::What::run);
  CHECK(command.cases == std::vector<std::string>{"quick"});
}

TEST_CASE("all means every case once: those that are made of others are left out") {
  const Command command = parse_command_line({"-a"});

  std::vector<std::string> expected;
  for (const auto& c : cases())
    if (!c.composed) expected.emplace_back(c.name);
  CHECK(command.cases == expected);
  CHECK(std::count(expected.begin(), expected.end(), "quick") == 0);
  CHECK(std::count(expected.begin(), expected.end(), "keep-up") == 1);
}

TEST_CASE("what the user asks for arrives in the load, and the rest stays open") {
  const Command c = parse_command_line({"throughput",
                                        "--repeat",
                                        "4",
                                        "--duration",
                                        "1.5",
                                        "--threads",
                                        "3",
                                        "--payload",
                                        "40",
                                        "--rate",
                                        "1000",
                                        "--daemon",
                                        "tcp:127.0.0.1:1",
                                        "--control",
                                        "/x",
                                        "--client-port",
                                        "99",
                                        "--json",
                                        "a.json",
                                        "--csv",
                                        "b.csv"});

  CHECK(c.load.repeat == 4U);
  CHECK(c.load.duration_s == 1.5);
  CHECK(c.load.threads == 3U);
  CHECK(c.load.payload == 40U);
  CHECK(c.load.rate == 1000.0);
  CHECK(c.load.daemon == "tcp:127.0.0.1:1");
  CHECK(c.load.control == "/x");
  CHECK(c.load.client_port == 99);
  CHECK(c.json_file == "a.json");
  CHECK(c.csv_file == "b.csv");
  CHECK_FALSE(c.load.messages.has_value());
  CHECK_FALSE(c.load.buffer.has_value());
}

TEST_CASE("a wrong word is a usage error that names it") {
  CHECK(complaint({"nonsense"}).find("nonsense") != std::string::npos);
  CHECK(complaint({"case"}).find("which case") != std::string::npos);
  CHECK(complaint({"--repeat", "3"}).find("which case") != std::string::npos);
  CHECK(complaint({"quick", "--repeat", "0"}).find("--repeat") != std::string::npos);
  CHECK(complaint({"quick", "--duration", "0"}) == "--duration must be from 0.01 to 86400");
  CHECK(complaint({"quick", "--repeat", "many"}).find("many") != std::string::npos);
  CHECK(complaint({"quick", "--daemon", "/a/path"}).find("--daemon") != std::string::npos);
  CHECK(complaint({"quick", "--logger", "lucky"}).find("lucky") != std::string::npos);
  CHECK(complaint({"quick", "--logger", "mutex"}).find("quick") != std::string::npos);
  CHECK(complaint({"suspend-basic", "--logger", "drops"}).find("suspend-basic") != std::string::npos);
  CHECK(complaint({"suspend-basic", "--logger", "mutex"}).empty());
  CHECK(complaint({"quick", "--no-such-option"}).find("no-such-option") != std::string::npos);
}

TEST_CASE("a logger that is wrong in a way that the case does not know is a usage error") {
  const auto [name, good, bad] = GENERATE(table<std::string, std::string, std::string>({
      {"throughput", "reorders", "mutex"},
      {"sim-cache", "tears", "reorders"},
      {"sim-queue", "drops", "leaks"},
      {"stress-cpu", "repeats", "uneven"},
      {"stress-fragmentation", "leaks", "tears"},
      {"max-connections", "drops", "leaks"},
      {"snapshot-crash", "tears", "reorders"},
      {"suspend-basic", "mutex", "drops"},
      {"suspend-every", "dlt", "mutex"},
      {"max-memory", "dlt", "drops"},
      {"micro", "dlt", "drops"},
  }));

  CHECK(complaint({name, "--logger", good}).empty());
  CHECK(complaint({name, "--logger", bad}) == "--logger " + bad + " is not for the case " + name);
}
