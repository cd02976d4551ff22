// The command line of `dlt-daemon receive`. The main thread's.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "dlt/proto/ids.hpp"
#include "tools/command_line.hpp"
#include "tools/dlt_file.hpp"

namespace dlt::tools {

struct ReceiveOptions {
  std::optional<EarlyEnd> early;
  Address address;
  Selection selection;
  std::optional<Format> format;  // nothing: messages are not printed
  DltFile::Options output;       // path empty: not stored; "-": to stdout
  EcuId ecu{"RECV"};             // of messages that name none
  std::uint64_t count = UINT64_MAX;
  std::optional<std::chrono::milliseconds> reconnect;
  bool verbose = false;

  // Stored messages go to stdout, not to a file.
  [[nodiscard]] bool to_stdout() const { return output.path == "-"; }
};

[[nodiscard]] ReceiveOptions parse_receive(int argc, const char* const* argv);

// "1000", "64K", "10M", "1G" in bytes.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace dlt::tools
