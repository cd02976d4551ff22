// Wireshark's dissector, which nobody here wrote, sees the live stream on the network as we meant it.
#include <catch2/catch.hpp>

#include <signal.h>

#include <sstream>

#include "end_to_end/app.hpp"
#include "support/client.hpp"

namespace dlt::test {
namespace {

// Several values of a field in one packet, and several packets, become one list. The separator occurs in no text.
constexpr char separator = '\x1f';

class Capture {
 public:
  explicit Capture(const Daemon& daemon)
      : file_(daemon.dir() / "cap.pcapng"),
        port_(daemon.port_text()),
        tshark_({.command = {"tshark", "-i", "lo", "-f", "tcp port " + port_, "-w", file_},
                 .err = daemon.dir() / "tshark.txt"}) {
    const std::string said = daemon.dir() / "tshark.txt";
    // "Capturing on" comes before the packet socket is open, the file's first block after it.
    const bool capturing = eventually([&] { return !tshark_.running() || !read_file(file_).empty(); });
    INFO(read_file(said));
    REQUIRE(capturing);
    REQUIRE(tshark_.running());
  }

  [[nodiscard]] bool contains(const std::string& text) const {
    return read_file(file_).find(text) != std::string::npos;
  }
  void end() { REQUIRE(tshark_.stop(SIGINT)); }

  // Every value of these fields, in order; `-e` of one field after the other would lose the order between packets.
  [[nodiscard]] std::vector<std::string> field(const std::string& name) const {
    const Outcome outcome =
        dissect({"-Y", "dlt", "-T", "fields", "-E", std::string("aggregator=") + separator, "-e", name});
    std::vector<std::string> values;
    std::istringstream in(outcome.out);
    for (std::string packet; std::getline(in, packet);) {
      std::istringstream one(packet);
      for (std::string value; std::getline(one, value, separator);) values.push_back(value);
    }
    return values;
  }

  [[nodiscard]] Outcome dissect(const std::vector<std::string>& options) const {
    std::vector<std::string> command{"sh",  "-c", "exec tshark \"$@\" 2>/dev/null", "tshark", "-r",
                                     file_, "-d", "tcp.port==" + port_ + ",dlt"};
    command.insert(command.end(), options.begin(), options.end());
    Outcome outcome = run(command);
    REQUIRE(outcome.code == 0);
    return outcome;
  }

 private:
  std::string file_;
  std::string port_;
  Child tshark_;
};

using List = std::vector<std::string>;

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
  Capture capture(daemon);
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
