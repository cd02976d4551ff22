// For threads other than the io thread, which have nobody who would hear of std::bad_alloc: what must happen is tried
// until there is memory for it, with pauses. Any thread that may wait.
#pragma once

#include <chrono>
#include <new>
#include <thread>

namespace dlt::daemon {

// `what` may be begun several times.
template <class What>
void insist(What&& what) noexcept {
  constexpr std::chrono::milliseconds pause{10};
  for (;;) {
    try {
      return what();
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(pause);
    }
  }
}

}  // namespace dlt::daemon
