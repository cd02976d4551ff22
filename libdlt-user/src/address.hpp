// Where a daemon listens: "unix:PATH", "tcp:HOST:PORT" ("tcp:[::1]:PORT" for IPv6), or "fifo:DIRECTORY", where the
// incumbent's daemon reads the FIFO DIRECTORY/dlt. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dlt/proto/error.hpp"

namespace dlt::detail {

struct Address {
  enum class Kind : std::uint8_t { unix_path, tcp, fifo };
  static constexpr std::size_t max_path = 107;         // sun_path without its NUL
  static constexpr std::size_t max_directory = 4'000;  // room for the names in it

  Kind kind = Kind::unix_path;
  std::string path;         // unix_path; fifo: the directory
  std::string host;         // tcp
  std::string port;         // tcp, 1 … 65535
  bool by_default = false;  // nobody has named it: whose it is has to be looked at

  // Errc::invalid_argument for anything else, too long paths included.
  [[nodiscard]] static Result<Address> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
};

// Where to look without an address: /run/dlt/app.sock, then $XDG_RUNTIME_DIR/dlt/app.sock, then the FIFO of the
// incumbent (nullptr: not set).
[[nodiscard]] std::vector<Address> default_addresses(const char* runtime_dir, const std::string& pipe_directory);

}  // namespace dlt::detail
