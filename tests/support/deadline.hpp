// Waiting in tests: for something, never for a while. The deadline is there so that a broken program ends the test; it
// is far beyond what a slow machine needs.
#pragma once

#include <chrono>
#include <thread>

namespace dlt::test {

inline constexpr std::chrono::seconds patience{60};

// Asks again until `condition` holds. False: the deadline passed first.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& condition, std::chrono::milliseconds limit = patience) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace dlt::test
