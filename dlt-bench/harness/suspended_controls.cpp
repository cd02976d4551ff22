// What a suspended thread does to loggers as everybody has written them once. Each has a bounded buffer and a thread
// that empties it, both simple and right; a case that does not see them stand still cannot see anything.
#include <sched.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <mutex>
#include <thread>
#include <vector>

#include "harness/clock.hpp"
#include "harness/message.hpp"
#include "harness/suspended_logger.hpp"

namespace dlt::bench {
namespace {

struct Line {
  std::uint64_t producer = 0, sequence = 0;
  std::array<char, 96> text{};
};

constexpr std::string_view words = " a message of the usual length, copied into its place";

void write(Line& line, std::uint64_t producer, std::uint64_t sequence) noexcept {
  line.producer = producer;
  line.sequence = sequence;
  char* at = std::to_chars(line.text.begin(), line.text.end(), producer).ptr;
  at = std::to_chars(at, line.text.end(), 1'000'000'000 + sequence).ptr;
  words.copy(at, words.size());
}

// What both have in common: the thread behind, and the books.
class Control : public SuspendedLogger {
 public:
  bool flush(double limit_s) override {
    const double deadline = now_s() + limit_s;
    while (read_.load() < accepted()) {
      if (now_s() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
  }
  LoggerBooks books() override {
    LoggerBooks b;
    b.dropped["full"] = refused_.load();
    b.accepted = accepted() + refused_.load();
    b.queued = accepted() - read_.load();
    return b;
  }
  bool make_context(std::uint32_t, bool) override { return true; }
  void await_level(const std::atomic<std::uint32_t>&) override {}

 protected:
  explicit Control(Board& board) : board_(board) {}
  void begin() {
    thread_ = std::thread([this] {
      while (!stop_) {
        if (!empty()) std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
    });
  }
  void end() {
    stop_ = true;
    thread_.join();
  }
  virtual bool empty() = 0;  // takes out what is there; false: nothing was
  [[nodiscard]] virtual std::uint64_t accepted() = 0;
  void delivered(const Line& line) {
    read_.fetch_add(1);
    ++board_.delivered[std::min<std::uint64_t>(line.producer, Board::most_threads - 1)];
  }

  std::atomic<std::uint64_t> refused_{0};

 private:
  Board& board_;
  std::atomic<std::uint64_t> read_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

class MutexControl final : public Control {
 public:
  explicit MutexControl(Board& board) : Control(board) {
    filled_.reserve(capacity);
    taken_.reserve(capacity);
    begin();
  }
  ~MutexControl() override { end(); }

  bool log(std::uint64_t producer, std::uint64_t sequence) noexcept override {
    std::unique_lock lock(mutex_);
    while (filled_.size() == capacity) {  // waits for room, as ours does when they are compared
      lock.unlock();
      ::sched_yield();
      lock.lock();
    }
    write(filled_.emplace_back(), producer, sequence);
    accepted_.fetch_add(1);
    return true;
  }

 private:
  static constexpr std::size_t capacity = 8192;

  bool empty() override {
    {
      const std::lock_guard lock(mutex_);
      taken_.swap(filled_);
    }
    for (const Line& line : taken_) delivered(line);
    const bool any = !taken_.empty();
    taken_.clear();
    return any;
  }
  std::uint64_t accepted() override { return accepted_.load(); }

  std::mutex mutex_;
  std::vector<Line> filled_, taken_;
  std::atomic<std::uint64_t> accepted_{0};
};

class MpscControl final : public Control {
 public:
  explicit MpscControl(Board& board) : Control(board), slots_(capacity) { begin(); }
  ~MpscControl() override { end(); }

  bool log(std::uint64_t producer, std::uint64_t sequence) noexcept override {
    const std::uint64_t head = head_.load();  // before the tail: the other way round it may have passed what was seen
    if (tail_.load() - head >= capacity - Board::most_threads) {  // so many may claim at once
      refused_.fetch_add(1);
      return false;
    }
    const std::uint64_t at = tail_.fetch_add(1);
    Slot& slot = slots_[at % capacity];
    write(slot.line, producer, sequence);
    slot.ready.store(at + 1, std::memory_order_release);
    return true;
  }

 private:
  static constexpr std::uint64_t capacity = 8192;
  struct Slot {
    std::atomic<std::uint64_t> ready{0};  // position + 1 when it is committed
    Line line;
  };

  bool empty() override {
    const std::uint64_t from = head_.load();
    std::uint64_t at = from;
    for (; slots_[at % capacity].ready.load(std::memory_order_acquire) == at + 1; ++at) {
      delivered(slots_[at % capacity].line);
      head_.store(at + 1);
    }
    return at != from;
  }
  std::uint64_t accepted() override { return tail_.load(); }

  std::vector<Slot> slots_;
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  alignas(64) std::atomic<std::uint64_t> head_{0};
};

}  // namespace

std::unique_ptr<SuspendedLogger> make_mutex_control(Board& board) { return std::make_unique<MutexControl>(board); }
std::unique_ptr<SuspendedLogger> make_mpsc_control(Board& board) { return std::make_unique<MpscControl>(board); }

}  // namespace dlt::bench
