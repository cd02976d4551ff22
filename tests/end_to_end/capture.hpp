// tshark at work on the loopback device: what Wireshark's dissector makes of a daemon's port. The test's main thread
// only.
#pragma once

#include <catch2/catch.hpp>
#include <csignal>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/child.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

// Several values of a field in one packet, and several packets, become one list. The separator occurs in no text.
inline constexpr char values_separator = '\x1f';

class Capture {
 public:
  using Values = std::vector<std::string>;

  // Returns when it captures what goes over this port of the loopback device.
  Capture(const TempDir& dir, std::string port)
      : file_(dir / "cap.pcapng"),
        port_(std::move(port)),
        tshark_(
            {.command = {"tshark", "-i", "lo", "-f", "tcp port " + port_, "-w", file_}, .err = dir / "tshark.txt"}) {
    const std::string said = dir / "tshark.txt";
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

  // Every value of each of these fields, in order, from all packets.
  [[nodiscard]] std::vector<Values> fields(const std::vector<std::string>& names) const {
    std::vector<std::string> options{"-Y", "dlt", "-T", "fields", "-E", std::string("aggregator=") + values_separator};
    for (const auto& name : names) options.insert(options.end(), {"-e", name});
    std::vector<Values> all(names.size());
    std::istringstream in(dissect(options).out);
    for (std::string packet; std::getline(in, packet);) {
      std::istringstream columns(packet);
      for (Values& values : all) {
        std::string column;
        std::getline(columns, column, '\t');
        std::istringstream one(column);
        for (std::string value; std::getline(one, value, values_separator);) values.push_back(value);
      }
    }
    return all;
  }
  [[nodiscard]] Values field(const std::string& name) const { return fields({name}).front(); }

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

}  // namespace dlt::test
