// Wireshark's dissector, which nobody here wrote, sees the live stream on the network as we meant it.
#include <catch2/catch.hpp>

#include "end_to_end/app.hpp"
#include "end_to_end/capture.hpp"
#include "support/client.hpp"

namespace dlt::test {
namespace {

using List = Capture::Values;

// Wireshark 4.0 reads every string as ASCII, whatever coding it says, and shows U+FFFD for each byte beyond.
std::string as_wireshark_shows(const std::string& text) {
  std::string shown;
  for (const char c : text) shown += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c) : "\xef\xbf\xbd";
  return shown;
}

}  // namespace

TEST_CASE("Wireshark dissects what an application logged, without errors") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  Capture capture(daemon.dir(), daemon.port_text());
  Client client(daemon.port());
  App app(daemon, in_order);
  app.ask("types");
  app.ask("say info END");
  REQUIRE(client.read_until([](const ReceivedFrame& frame) { return only_text(frame) == "END"; }));
  REQUIRE(eventually([&] { return capture.contains("END"); }));
  capture.end();

  const std::string expert = capture.dissect({"-q", "-z", "expert"}).out;
  CAPTURE(expert);
  CHECK(expert.find("Errors (") == std::string::npos);
  CHECK(expert.find("DLT") == std::string::npos);

  CHECK(capture.field("dlt.data.bool") == List{"1", "0"});
  CHECK(capture.field("dlt.data.int8") == List{"-8"});
  CHECK(capture.field("dlt.data.int16") == List{"-1600"});
  CHECK(capture.field("dlt.data.int64") == List{"-64000000000", "13"});
  CHECK(capture.field("dlt.data.float") == List{"1.5"});
  CHECK(capture.field("dlt.data.double") == List{"-22500000000", "3.14159265358979", "52.5", "13.25"});
  CHECK(capture.field("dlt.data.rawd") == List{"dead0041"});
  CHECK(capture.field("dlt.data.string") == List{"plain text", "owned", "view", as_wireshark_shows("grüße €"), "c",
                                                 "leg", "of", "planned in", "ms", "detour", "reason=", "works",
                                                 "length=", "at", "in", std::string(1000, 'x'), "END"});
}

}  // namespace dlt::test
