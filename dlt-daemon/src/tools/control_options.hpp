// The command line of `dlt-daemon control`: one request, for one daemon. The main thread's.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tools/command_line.hpp"
#include "tools/control_exchange.hpp"

namespace dlt::tools {

struct ControlOptions {
  std::optional<EarlyEnd> early;
  Address address;
  ControlExchange::Asked asked;
  std::string what;               // the request in words, as it is said when it was done
  std::vector<std::byte> inject;  // what an injection in `asked` points to
  std::chrono::milliseconds limit{5000};
  bool json = false;
  bool verbose = false;
};

[[nodiscard]] ControlOptions parse_control(int argc, const char* const* argv);

// "ad 01 24ef": bytes in hexadecimal, blanks between them or not. Nothing: something else is in it.
[[nodiscard]] std::optional<std::vector<std::byte>> parse_hex(std::string_view text);

}  // namespace dlt::tools
