// A number that nobody guesses and no other process draws. Any thread; may throw where there is no randomness.
#pragma once

#include <cstdint>
#include <random>

namespace dlt::daemon {

[[nodiscard]] inline std::uint64_t random_number() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

}  // namespace dlt::daemon
