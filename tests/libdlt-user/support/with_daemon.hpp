// A session with a daemon beside it, for tests that run in a process of their own (isolated.hpp).
#pragma once

#include <functional>

#include "dlt/dlt.hpp"
#include "libdlt-user/support/fake_daemon.hpp"
#include "libdlt-user/support/isolated.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

// Runs the scenario when application APP1 and its context CTX1 are known to the daemon.
inline void with_daemon(const std::function<void(Session&, FakeDaemon&, Context&)>& scenario, Options o = {}) {
  TempDir dir;
  FakeDaemon daemon(dir / "d.sock");
  o.app = "APP1";
  o.address = "unix:" + dir / "d.sock";
  auto session = start(o);
  expect(session.has_value(), "start");
  Context c{"CTX1"};
  expect(daemon.sees("context CTX1 -2") && eventually([&] { return session->connected(); }), "connected");
  scenario(*session, daemon, c);
}

}  // namespace dlt::test
