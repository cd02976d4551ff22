// Loggers that are wrong on purpose. Each does one thing wrong to one message in a thousand, and keeps quiet about it.
// "uneven" is slow in every other run, to see that this is called noisy.
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <new>

#include "harness/dlt_logger.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t one_in = 1000;

class WrongLogger : public DltLogger {
 public:
  explicit WrongLogger(const ProducePlan& plan)
      : DltLogger(plan), wrong_(plan.logger), slow_(plan.logger == "uneven" && plan.run[1] % 2 == 0) {}

  void produce(unsigned thread, ProducerLoop& loop, std::uint64_t start_ns) override {
    Context& ctx = context(thread);
    const auto log = [&](std::uint64_t n, double sent, std::string_view text) {
      return dlt::info(ctx, "{}{}{}", n, sent, text);
    };
    std::array<char, 256> held_text{};
    std::size_t held_size = 0;
    std::uint64_t held = 0;
    std::uint64_t calls = 0;
    loop.run(
        [&](std::uint64_t n, double sent, std::string_view text) {
          const bool now = ++calls % one_in == 0;
          if (wrong_ == "drops" && now) {
            claimed_.fetch_add(1, std::memory_order_relaxed);
            return true;
          }
          if (wrong_ == "leaks" && now) leak();
          if (slow_ && calls % 64 == 0) ::usleep(500);
          if (wrong_ == "repeats" && now) log(n, sent, text);
          if (wrong_ == "tears" && now) return log(n, sent, text.substr(1));
          if (wrong_ == "reorders" && now) {
            held = n, held_size = std::min(text.size(), held_text.size());
            text.copy(held_text.data(), held_size);
            return true;
          }
          const bool taken = log(n, sent, text);
          if (held_size != 0) log(held, 0, {held_text.data(), held_size});
          held_size = 0;
          return taken;
        },
        start_ns);
    if (held_size != 0) log(held, 0, {held_text.data(), held_size});
  }

  LoggerBooks books() override {
    LoggerBooks b = DltLogger::books();
    b.accepted += claimed_.load();
    return b;
  }

 private:
  // 16 KiB that are in use, each time, and a file descriptor now and then.
  void leak() {
    constexpr std::size_t bytes = 16 * 1024;
    const unsigned n = leaked_.fetch_add(1, std::memory_order_relaxed);
    [[maybe_unused]] const int lost = n % 100 == 0 ? ::dup(0) : -1;
    if (n > 20'000) return;
    void* memory = std::memset(::operator new(bytes), 1, bytes);
    asm volatile("" : : "r"(memory) : "memory");
  }

  std::string wrong_;
  bool slow_;
  std::atomic<unsigned> leaked_{0};
  std::atomic<std::uint64_t> claimed_{0};
};

}  // namespace

std::unique_ptr<Logger> make_wrong_logger(const ProducePlan& plan) { return std::make_unique<WrongLogger>(plan); }

}  // namespace dlt::bench
