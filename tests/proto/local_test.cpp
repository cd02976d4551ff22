#include <catch2/catch.hpp>

#include <array>

#include "dlt/proto/local.hpp"

using namespace dlt::proto;
using namespace dlt;

TEST_CASE("a log level message has the bytes that the incumbent's daemon sends") {
  std::array<std::byte, 64> buffer{};
  ByteWriter out(buffer);

  local::encode(out, local::LogLevel{5, 1, 0});

  // Captured from COVESA dlt-daemon 2.18.8 after a client set the level to debug.
  CHECK(as_text(out.written()) == std::string_view("DUH\x01\x06\0\0\0\x05\x01\0\0\0\0", 14));
}
