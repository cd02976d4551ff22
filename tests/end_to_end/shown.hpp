// What the tools of others show for the messages that app.cpp logs on "types" and then "say info END". It was learnt
// from those tools, with the incumbent's library and daemon.
#pragma once

#include <sstream>
#include <string>
#include <vector>

namespace dlt::test {

struct ShownMessage {
  std::string level;
  int arguments;
  std::string payload;  // between [ and ] of dlt-receive -a, dlt-convert -a; all that python-dlt gives
};

inline const std::vector<ShownMessage>& shown_types() {
  static const std::vector<ShownMessage> messages{
      {"info", 1, "plain text"},
      {"info", 2, "1 0"},
      {"warn", 4, "-8 -1600 -320000 -64000000000"},
      {"error", 4, "8 1600 320000 18446744073709551615"},
      {"fatal", 3, "1.5 -2.25e+10 3.14159"},
      {"info", 1, "de'ad'00'41"},
      {"info", 4, "0xab 0x0abc 0x00abcdef 0x0123456789abcdef"},
      {"info", 2, "0b0000 0101 0b1000 0000 0000 0001"},
      {"info", 4, "owned view grüße € c"},
      {"info", 7, "leg 2 of 5 planned in 13 ms"},
      {"info", 5, "detour reason= works length= 7"},
      {"info", 5, "at 52.5 13.25 in 2"},
      {"info", 1, std::string(1000, 'x')},
      {"info", 1, "END"},
  };
  return messages;
}

inline std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

// The lines of context MAIN as dlt-receive -a and dlt-convert -a print them, without the number and the time in front:
// "… 000 ECU1 E2EA MAIN log info V 1 [plain text]" becomes "000 log info V 1 [plain text]".
inline std::vector<std::string> shown_lines(const std::string& text) {
  std::vector<std::string> shown;
  for (const auto& line : lines(text)) {
    const std::string ids = " ECU1 E2EA MAIN ";
    const auto at = line.find(ids);
    if (at != std::string::npos) shown.push_back(line.substr(at - 3, 4) + line.substr(at + ids.size()));
  }
  return shown;
}

// What shown_lines() must give: the message counters count up from 0.
inline std::vector<std::string> expected_lines() {
  std::vector<std::string> expected;
  for (const auto& m : shown_types()) {
    const std::string counter = std::to_string(1000 + expected.size()).substr(1);
    expected.push_back(counter + " log " + m.level + " V " + std::to_string(m.arguments) + " [" + m.payload + "]");
  }
  return expected;
}

inline std::vector<std::string> expected_payloads() {
  std::vector<std::string> expected;
  for (const auto& m : shown_types()) expected.push_back(m.payload);
  return expected;
}

}  // namespace dlt::test
