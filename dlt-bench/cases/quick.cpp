// Half a minute: the overflow modes, 1 and 4 threads, throughput, latency, each in brief.
#include "cases.hpp"
#include "harness/clock.hpp"

namespace dlt::bench {

Numbers run_quick(const Load& asked) {
  Load load = asked;
  load.brief = true;
  if (!load.repeat) load.repeat = 3;
  load.again_until_s = now_s() + 15;  // then what is noisy is only marked
  Numbers numbers = run_throughput(load);
  numbers.add(run_latency(load));
  numbers.add(run_concurrency_single(load));
  numbers.add(run_concurrency_mpsc(load));
  numbers.add(run_overflow_all(load));
  return numbers;
}

}  // namespace dlt::bench
