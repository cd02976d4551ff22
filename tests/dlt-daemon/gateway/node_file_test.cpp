#include "gateway/node_file.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::daemon::gateway;
using dlt::proto::control::Service;

namespace {

NodeFile parse(const std::string& text, const Own& own = {"GATE"}) { return parse_nodes(text, "gw.conf", own); }

std::string with(const std::string& line) { return "[PassiveNode1]\nIPaddress=10.0.0.1\nEcuID=ECU2\n" + line + "\n"; }

// What is said about a node that has just this one mistake, in line 4.
std::string said_of(const std::string& line) {
  const auto file = parse(with(line));
  CHECK(file.nodes.empty());
  REQUIRE(file.problems.size() == 1);
  CHECK(file.problems[0].find("gw.conf:4: [PassiveNode1] is left out: ") == 0);
  return file.problems[0];
}

}  // namespace

TEST_CASE("a node has what its section says") {
  const auto file = parse(
      "[General]\nInterval=3\n\n[PassiveNode1]\n; a comment\nIPaddress = 192.168.2.32\nPort = 3495\nEcuID = ECU2\n"
      "Connect = OnDemand\nTimeout = 20\nSendControl=0x03, 0x13\nSendPeriodicControl=0x03:5,04 : 10\n"
      "SendSerialHeader=1\n[PassiveNode2]\nIPaddress=::1\nEcuID=ECU3LONG\n");
  CHECK(file.problems.empty());
  CHECK(file.warnings == std::vector<std::string>{
                             "gw.conf:16: [PassiveNode2]: EcuID: 'ECU3LONG' is longer than an id and means 'ECU3'"});
  REQUIRE(file.nodes.size() == 2);
  const NodeConfig& one = file.nodes[0];
  CHECK(one.name == "PassiveNode1");
  CHECK(one.address == "192.168.2.32");
  CHECK(one.port == 3495);
  CHECK(one.ecu == EcuId("ECU2"));
  CHECK_FALSE(one.on_startup);
  CHECK(one.retries == 20);
  CHECK(one.interval == std::chrono::seconds(3));
  CHECK(one.at_connect == std::vector<Service>{Service::get_log_info, Service::get_software_version});
  CHECK(one.periodic == std::vector<Periodic>{{Service::get_log_info, std::chrono::seconds(5)},
                                              {Service::get_default_log_level, std::chrono::seconds(10)}});
  CHECK(one.serial_header);
  const NodeConfig& two = file.nodes[1];
  CHECK(two.address == "::1");
  CHECK(two.port == 3490);
  CHECK(two.ecu == EcuId("ECU3"));
  CHECK(two.on_startup);
  CHECK(two.retries == 10);
  CHECK_FALSE(two.serial_header);
}

TEST_CASE("the serial header is the daemon's own setting where a node does not say") {
  CHECK(parse(with(""), {"GATE", true}).nodes.at(0).serial_header);
  CHECK_FALSE(parse(with("SendSerialHeader=0"), {"GATE", true}).nodes.at(0).serial_header);
}

TEST_CASE("the file that the incumbent's package brings is read without a word") {
  const std::string path = "/etc/dlt_gateway.conf";
  REQUIRE(std::filesystem::exists(path));  // else: ./dev deps
  const auto file = parse(test::read_file(path));
  CHECK(file.problems.empty());
  REQUIRE(file.nodes.size() == 1);
  CHECK(file.nodes[0].address == "192.168.2.11");
  CHECK(file.nodes[0].ecu == EcuId("ECU2"));
  CHECK(file.nodes[0].retries == 10);
}

TEST_CASE("a value that is wrong is named with its line and with what is allowed, and leaves its node out") {
  CHECK_THAT(said_of("IPaddress=host"), Catch::EndsWith("IPaddress = 'host': expected a numeric address such as "
                                                        "192.168.2.11"));
  CHECK_THAT(said_of("Port=0"), Catch::EndsWith("expected a number from 1 to 65535"));
  CHECK_THAT(said_of("Port=70000"), Catch::EndsWith("expected a number from 1 to 65535"));
  CHECK_THAT(said_of("EcuID="), Catch::EndsWith("expected one to four printable characters"));
  CHECK_THAT(said_of("Connect=Never"), Catch::EndsWith("Connect = 'Never': expected OnStartup or OnDemand"));
  CHECK_THAT(said_of("Timeout=-1"), Catch::EndsWith("expected a number from 0 to 1000000"));
  CHECK_THAT(said_of("SendControl=0x01"), Catch::EndsWith("out of 0x03, 0x04 and 0x13 with ',' between them"));
  CHECK_THAT(said_of("SendControl=0x03,,"), Catch::Contains("SendControl = '0x03,,': expected"));
  CHECK_THAT(said_of("SendPeriodicControl=0x03"), Catch::EndsWith("such as 0x03:5,0x13:10"));
  CHECK_THAT(said_of("SendPeriodicControl=0x03:0"), Catch::EndsWith("such as 0x03:5,0x13:10"));
  CHECK_THAT(said_of("SendSerialHeader=yes"), Catch::EndsWith("expected 0 or 1"));
}

TEST_CASE("a bad node does not stop the others") {
  const auto file = parse(
      "[PassiveNode1]\nIPaddress=nowhere\nEcuID=ECU2\n[PassiveNode2]\nEcuID=ECU3\n"
      "[PassiveNode3]\nIPaddress=10.0.0.3\n[PassiveNode4]\nIPaddress=10.0.0.4\nEcuID=ECU4\n");
  REQUIRE(file.nodes.size() == 1);
  CHECK(file.nodes[0].ecu == EcuId("ECU4"));
  REQUIRE(file.problems.size() == 3);
  CHECK_THAT(file.problems[0], Catch::StartsWith("gw.conf:2: [PassiveNode1] is left out: IPaddress"));
  CHECK(file.problems[1] == "gw.conf:4: [PassiveNode2] is left out: IPaddress is missing");
  CHECK(file.problems[2] == "gw.conf:6: [PassiveNode3] is left out: EcuID is missing");
}

TEST_CASE("an ECU id belongs to one node, and never to the gateway itself") {
  const auto file = parse(with("") + "[PassiveNode2]\nIPaddress=10.0.0.2\nEcuID=ECU2\n" +
                          "[PassiveNode3]\nIPaddress=10.0.0.3\nEcuID=GATE\n");
  REQUIRE(file.nodes.size() == 1);
  CHECK(file.nodes[0].address == "10.0.0.1");
  CHECK(file.problems ==
        std::vector<std::string>{"gw.conf:5: [PassiveNode2] is left out: EcuID is that of [PassiveNode1] as well",
                                 "gw.conf:8: [PassiveNode3] is left out: EcuID is the ECUId of this daemon itself"});
}

TEST_CASE("what is no part of such a file is named and has no effect") {
  const auto file =
      parse("stray=1\n[General]\nInterval=0\nOther=1\n[Node]\nIPaddress=x\nwhat\n" + with("Colour=red\nwhat"));
  REQUIRE(file.nodes.size() == 1);
  CHECK(file.nodes[0].interval == std::chrono::seconds(1));
  CHECK(file.problems == std::vector<std::string>{
                             "gw.conf:1: 'stray' stands in no section",
                             "gw.conf:3: [General]: Interval = '0': expected a number from 1 to 86400",
                             "gw.conf:4: [General]: unknown key 'Other'",
                             "gw.conf:5: '[Node]' is no section such as [PassiveNode1]: left out",
                             "gw.conf:11: [PassiveNode1]: unknown key 'Colour'",
                             "gw.conf:12: expected `Key = value`, not 'what'",
                         });
}

TEST_CASE("a file has at most 25 nodes, and at most 20 problems are told") {
  std::string text;
  for (int i = 10; i < 99; ++i)
    text += "[PassiveNode" + std::to_string(i) + "]\nIPaddress=10.0.0.1\nEcuID=EC" + std::to_string(i) + "\n";
  const auto file = parse(text);
  CHECK(file.nodes.size() == most_nodes);
  CHECK(file.problems.size() == 20);
  CHECK_THAT(file.problems[0], Catch::EndsWith("only the first 25 nodes of a file are used"));
}

TEST_CASE("a gateway file cut short anywhere is read to its end") {
  const std::string text = with("Port=3490\nSendPeriodicControl=0x03:5,0x13:10\n[General]\nInterval=1");
  for (std::size_t n = 0; n <= text.size(); ++n) CHECK(parse(text.substr(0, n)).nodes.size() <= 1);
}
