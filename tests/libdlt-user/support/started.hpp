// A session for a test, in a process of its own (isolated.hpp).
#pragma once

#include "dlt/dlt.hpp"
#include "libdlt-user/support/isolated.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

// For a daemon of the test's at d.sock.
[[nodiscard]] inline Options options_for(const TempDir& dir) {
  Options o;
  o.app = "APP1";
  o.description = "an application";
  o.address = "unix:" + dir / "d.sock";
  return o;
}

[[nodiscard]] inline Session started(const Options& o) {
  auto session = start(o);
  expect(session.has_value(), "start: " + session.error().message());
  return std::move(*session);
}

inline std::uint64_t number(std::uint64_t n) { return n; }

}  // namespace dlt::test
