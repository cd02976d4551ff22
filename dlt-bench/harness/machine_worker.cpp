// Figures of the machine that need no peer: the clock, copying, and a log call whose level is off.
#include <dlt/dlt.hpp>

#include "harness/clock.hpp"
#include "harness/message.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr int passes = 5;

void measure_copy(MachineResult& result) {
  const auto frame = make_standard("COPY", 0, 0, 0, Texts::fixed(12).of(0));
  std::vector<std::byte> target(1 << 20);
  const std::size_t fits = target.size() / frame.size();
  for (int pass = 0; pass < passes; ++pass) {
    constexpr int rounds = 100;
    const std::uint64_t begin = now_ns();
    for (int r = 0; r < rounds; ++r) {
      for (std::size_t i = 0; i < fits; ++i) std::memcpy(target.data() + i * frame.size(), frame.data(), frame.size());
      asm volatile("" : : "r"(target.data()) : "memory");
    }
    const double seconds = static_cast<double>(now_ns() - begin) * 1e-9;
    const double rate = static_cast<double>(fits) * rounds / seconds;
    result.copy_messages_per_s = std::max(result.copy_messages_per_s, rate);
  }
  result.copy_bytes_per_s = result.copy_messages_per_s * static_cast<double>(frame.size());
}

// The two things that a log call cannot do without and that differ most between machines.
void measure_floor(MachineResult& result) {
  constexpr int rounds = 5'000'000;
  std::atomic<std::uint8_t> counter{0};
  result.counter_ns = result.increment_ns = 1e9;
  for (int pass = 0; pass < passes; ++pass) {
    std::uint64_t sum = 0;
    const std::uint64_t t0 = now_ns();
#if defined(__x86_64__)
    for (int i = 0; i < rounds; ++i) sum += __builtin_ia32_rdtsc();
#endif
    asm volatile("" : : "r"(sum) : "memory");
    const std::uint64_t t1 = now_ns();
    for (int i = 0; i < rounds; ++i) counter.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t t2 = now_ns();
    result.counter_ns = std::min(result.counter_ns, static_cast<double>(t1 - t0) / rounds);
    result.increment_ns = std::min(result.increment_ns, static_cast<double>(t2 - t1) / rounds);
  }
}

void measure_filtered(MachineResult& result) {
  Context ctx("FILT", "", Level::info);
  constexpr std::uint64_t calls = 20'000'000;
  result.filtered_ns = 1e9;
  for (int pass = 0; pass < passes; ++pass) {
    const std::uint64_t begin = now_ns();
    for (std::uint64_t i = 0; i < calls; ++i) {
      DLT_DEBUG(ctx, "{}{}{}", i, 1.0, "twelve bytes");
      asm volatile("" : : : "memory");  // the level is read each time
    }
    result.filtered_ns = std::min(result.filtered_ns, static_cast<double>(now_ns() - begin) / calls);
  }
}

}  // namespace

void machine_worker(Channel& channel) {
  (void)channel.expect(10);
  MachineResult result;
  const TickClock clock = TickClock::calibrate();
  result.clock_reading_ns = clock.reading_ns;
  result.clock_pair_ns = clock.overhead_ns();
  measure_floor(result);
  measure_copy(result);
  measure_filtered(result);
  channel.send(to_wire(result));
}

}  // namespace dlt::bench
