// What a test and a program that it starves share, in a mapped file (see starve.cpp). Any thread, both processes.
#pragma once

#include <atomic>
#include <cstdint>

namespace starving {

struct Switch {
  std::atomic<std::int64_t> left{-1};    // which of the requests to come is refused, counted from 1
  std::atomic<std::int64_t> refused{0};  // how many have been
  std::atomic<bool> all{false};          // and all after it
  std::atomic<bool> armed{false};
};

}  // namespace starving
