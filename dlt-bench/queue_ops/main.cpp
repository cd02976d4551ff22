// dlt-bench-queue PRODUCERS DRAINERS CAPACITY SECONDS: the library's queue without session, socket and daemon.
//
// A program of its own, because it is made of the library's objects, and dlt-bench uses the library itself. Each queue
// has one producing thread and is drained by one other, as the library has it; where there are more drainers than
// producers, a producer takes turns between several queues. A drainer copies what it gets, as a socket would, checks
// the numbers, and confirms. Full queues are waited for. Writes a line of JSON to fd 3.
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "arena.hpp"
#include "dlt/log.hpp"
#include "doorbell.hpp"
#include "harness/clock.hpp"
#include "harness/histogram.hpp"
#include "slab.hpp"
#include "thread_queue.hpp"

namespace dlt::bench {
namespace {

using namespace dlt::detail;

constexpr std::size_t frame_bytes = 69, number_at = 26;
constexpr std::uint64_t timed = 64;  // one push in so many is timed
constexpr std::uint64_t arena_bytes = 2ULL << 30;

struct Queue {
  ThreadQueue* queue = nullptr;
  std::uint64_t pushed = 0;                                  // its producer's
  alignas(64) std::uint64_t transferred = 0, misplaced = 0;  // its drainer's
};

class QueueOps {
 public:
  QueueOps(unsigned producers, unsigned drainers, std::uint32_t capacity)
      : producers_(producers), drainers_(drainers), queues_(std::max(producers, drainers)), calls_(producers) {
    if (arena_.open(arena_bytes) || doorbell_.open()) std::exit(1);
    settings_.set({capacity, OverflowMode::block, std::chrono::minutes(1)});
    for (std::size_t i = 0; i < queues_.size(); ++i) {
      queues_[i].queue =
          Slab::make<ThreadQueue>(static_cast<std::uint32_t>(i) + 1, 0U, settings_, arena_, doorbell_, 9900U);
      if (queues_[i].queue == nullptr) std::exit(1);
    }
  }

  void run(double seconds) {
    std::vector<std::thread> producing, draining;
    for (unsigned i = 0; i < drainers_; ++i) draining.emplace_back([this, i] { drain(i); });
    const std::uint64_t begin = now_ns();
    for (unsigned i = 0; i < producers_; ++i) producing.emplace_back([this, i] { produce(i); });
    ::usleep(static_cast<useconds_t>(seconds * 1e6));
    over_ = true;
    for (auto& t : producing) t.join();
    produced_ = true;
    for (auto& t : draining) t.join();
    seconds_ = static_cast<double>(now_ns() - begin) * 1e-9;
  }

  [[nodiscard]] std::string json() const {
    Stats stats;
    BufferStats buffer;
    std::uint64_t pushed = 0, transferred = 0, misplaced = 0;
    for (const Queue& q : queues_) {
      q.queue->add_to(buffer);
      pushed += q.pushed, transferred += q.transferred, misplaced += q.misplaced;
    }
    Histogram calls;
    for (const Histogram& h : calls_) calls.merge(h);
    const TickClock clock = TickClock::calibrate();
    const Percentiles p = calls.percentiles(clock.ns_per_tick, clock.overhead_ticks);
    char line[512];
    std::snprintf(
        line, sizeof line,
        "{\"seconds\":%.9f,\"pushed\":%llu,\"transferred\":%llu,\"misplaced\":%llu,\"dropped\":%llu,"
        "\"count\":%llu,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f,\"overhead\":%.3f}\n",
        seconds_, static_cast<unsigned long long>(pushed), static_cast<unsigned long long>(transferred),
        static_cast<unsigned long long>(misplaced), static_cast<unsigned long long>(buffer.dropped.total()),
        static_cast<unsigned long long>(p.count), p.p50, p.p90, p.p99, p.p999, p.max, clock.overhead_ns());
    return line;
  }

 private:
  // As the log call does it.
  static bool push(ThreadQueue& q, std::uint64_t number) {
    std::byte* p = q.at;
    if (reinterpret_cast<std::uintptr_t>(p) + frame_bytes > reinterpret_cast<std::uintptr_t>(q.end)) {
      p = q.make_room(frame_bytes);
      if (p == nullptr) return false;
    }
    static constexpr std::byte filler[frame_bytes]{std::byte{0x3d}};
    std::memcpy(p, filler, frame_bytes);
    proto::store_be(p + 2, static_cast<std::uint16_t>(frame_bytes));
    proto::store_le(p + number_at, number);
    q.at += frame_bytes;
    q.committed += one_frame + frame_bytes;
    q.commit->store(q.committed, std::memory_order_release);  // sync: chunk-commit
    if (--q.frames_left == 0) q.end = nullptr;
    return true;
  }
  void produce(unsigned producer) {
    std::vector<Queue*> mine;
    for (std::size_t i = producer; i < queues_.size(); i += producers_) mine.push_back(&queues_[i]);
    for (std::uint64_t n = 0; !over_.load(std::memory_order_relaxed); ++n) {
      Queue& q = *mine[n % mine.size()];
      if (n % timed != 0) {
        q.pushed += push(*q.queue, q.pushed) ? 1U : 0U;
        continue;
      }
      const std::uint64_t begin = ticks_begin();
      const bool taken = push(*q.queue, q.pushed);
      calls_[producer].record(ticks_end() - begin);
      q.pushed += taken ? 1U : 0U;
    }
  }

  void drain(unsigned drainer) {
    std::vector<Range> ranges;
    std::vector<std::byte> copy(1 << 20);
    for (bool last = false;;) {
      const bool nobody_adds = produced_.load();
      bool any = false;
      for (std::size_t i = drainer; i < queues_.size(); i += drainers_) any = pull(queues_[i], ranges, copy) || any;
      if (any) continue;
      if (last) return;
      last = nobody_adds;
      std::this_thread::yield();
    }
  }
  static bool pull(Queue& q, std::vector<Range>& ranges, std::vector<std::byte>& copy) {
    ranges.clear();
    q.queue->collect(ranges, ThreadQueue::max_ranges);
    for (const Range& r : ranges) {
      std::memcpy(copy.data(), r.bytes().data(), r.bytes().size());
      for (std::size_t at = 0; at < r.bytes().size(); at += frame_bytes, ++q.transferred)
        q.misplaced += proto::load_le<std::uint64_t>(copy.data() + at + number_at) == q.transferred ? 0U : 1U;
      q.queue->delivered(r.frames, r.bytes().size());
      q.queue->taken(r);
      q.queue->confirm(r.number, r.to, q.queue->sent());
    }
    q.queue->wake_blocked();
    return !ranges.empty();
  }

  unsigned producers_, drainers_;
  Arena arena_;
  Doorbell doorbell_;
  BufferState settings_;
  std::vector<Queue> queues_;
  std::vector<Histogram> calls_;  // of each producer
  std::atomic<bool> over_{false}, produced_{false};
  double seconds_ = 0;
};

}  // namespace
}  // namespace dlt::bench

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: dlt-bench-queue PRODUCERS DRAINERS CAPACITY SECONDS, started by dlt-bench\n", stderr);
    return 2;
  }
  const auto number = [&](int i) { return static_cast<std::uint32_t>(std::strtoul(argv[i], nullptr, 10)); };
  dlt::bench::QueueOps ops(number(1), number(2), number(3));
  ops.run(std::strtod(argv[4], nullptr));
  const std::string line = ops.json();
  return ::write(3, line.data(), line.size()) == static_cast<ssize_t>(line.size()) ? 0 : 1;
}
