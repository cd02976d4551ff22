// Runs `work(i)` in n threads that begin at one moment, and waits for them.
#pragma once

#include <latch>
#include <thread>
#include <vector>

namespace dlt::bench {

template <class Work>
void together(unsigned n, Work&& work) {
  std::latch begin(static_cast<std::ptrdiff_t>(n));
  // A thread that has ended leaves its queue to the next one that logs first; here each keeps its own to the end.
  std::latch end(static_cast<std::ptrdiff_t>(n));
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < n; ++i)
    threads.emplace_back([&, i] {
      begin.arrive_and_wait();
      work(i);
      end.arrive_and_wait();
    });
  for (auto& thread : threads) thread.join();
}

}  // namespace dlt::bench
