// The daemon's configuration: any text gives a configuration within its limits, and errors that can be printed.
#include "config.hpp"

#include "fuzz.hpp"

using namespace dlt::daemon;
using dlt::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Config config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto errors = parse(config, text, "f");
  require(errors.size() <= 21, "few errors are told");
  for (const auto& error : errors)
    for (const char c : error.text()) require(c >= ' ' && c < 0x7f, "errors are printable");
  require(config.max_clients >= 1 && config.max_clients <= 10'000, "MaxClients keeps its limits");
  require(config.client_queue <= 1ULL << 30 && config.ring_size <= 1ULL << 32, "sizes keep their limits");
  require(config.bind.size() <= 64 && !config.bind.empty(), "there are a few addresses");
  require(config.storage_directory.find_first_of(std::string_view("\0\n\x1b", 3)) == std::string::npos,
          "a path has no control characters");
  if (!check(config))
    require(config.max_clients * config.client_queue <= 64ULL << 30, "all queues together are bounded");
  return 0;
}
