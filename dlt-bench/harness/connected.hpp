// Waits until a session has found its daemon. Throws BenchError when that takes too long.
#pragma once

#include <chrono>
#include <dlt/session.hpp>
#include <thread>

#include "harness/clock.hpp"
#include "harness/error.hpp"

namespace dlt::bench {

inline void wait_connected(const Session& session, double limit_s = 30) {
  const double deadline = now_s() + limit_s;
  while (!session.connected()) {
    if (now_s() > deadline) throw BenchError("the library found no daemon in time");
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

}  // namespace dlt::bench
