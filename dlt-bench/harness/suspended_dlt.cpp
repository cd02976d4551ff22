// The two DLT libraries as something to suspend.
#include <sched.h>

#include <array>
#include <cstdio>
#include <dlt/dlt.hpp>
#include <optional>

#include "harness/covesa_library.hpp"
#include "harness/dlt_logger.hpp"
#include "harness/error.hpp"
#include "harness/message.hpp"
#include "harness/suspended_logger.hpp"
#include "harness/texts.hpp"

namespace dlt::bench {
namespace {

// "R000" … "RZZZ".
std::array<char, 5> context_name(std::uint32_t number) {
  constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::array<char, 5> name{"R000"};
  for (std::size_t i = 3; i != 0; --i, number /= 36) name[i] = digits[number % 36];
  return name;
}

Options options_of(const SuspendPlan& plan) {
  Options options;
  options.app = AppId(std::string_view(plan.run));
  options.description = "dlt-bench";
  options.address = plan.address;
  // Not the daemon's default: by this a context shows when the daemon has heard of it.
  options.level = Level::debug;
  if (plan.buffer_capacity != 0) options.buffer.capacity = plan.buffer_capacity;
  options.buffer.mode = static_cast<OverflowMode>(plan.overflow_mode);
  options.buffer.timeout = std::chrono::milliseconds(plan.threads != 0 ? plan.timeout_ms : 0);
  // The first thread that logs gets the first buffer behind the two urgent ones.
  options.buffers.resize(3);
  options.buffers[2] = options.buffer;
  options.buffers[2]->timeout = std::chrono::milliseconds(plan.timeout_ms);
  options.exit_flush = std::chrono::milliseconds(plan.exit_flush_ms);
  return options;
}

class SuspendedDlt final : public SuspendedLogger {
 public:
  explicit SuspendedDlt(const SuspendPlan& plan) : texts_(Texts::fixed(plan.payload)) {
    auto session = dlt::start(options_of(plan));
    if (!session) throw BenchError("the library does not start: " + session.error().message());
    session_.emplace(std::move(*session));
    held_.emplace("HELD", "of the thread that is held");
    free_.emplace("FREE", "of the other ones");
  }

  bool log(std::uint64_t producer, std::uint64_t sequence) noexcept override {
    return dlt::info(producer == held_producer ? *held_ : *free_, "{}{}{}", tag(producer, sequence), 0.0,
                     texts_.of(sequence));
  }
  bool connected() override { return session_->connected(); }
  bool flush(double limit_s) override {
    return session_->flush(std::chrono::milliseconds(static_cast<int>(limit_s * 1e3)));
  }
  LoggerBooks books() override { return books_of(session_->stats()); }

  bool make_context(std::uint32_t number, bool daemon_listens) override {
    const auto name = context_name(number);
    const Context fresh(ContextId(std::string_view(name.data())), "made while a thread is held");
    while (daemon_listens && fresh.level() != Level::info) ::sched_yield();
    return true;
  }
  void await_level(const std::atomic<std::uint32_t>& wanted) override {
    while (static_cast<std::uint32_t>(free_->level()) != wanted.load(std::memory_order_relaxed)) ::sched_yield();
  }

 private:
  Texts texts_;
  std::optional<Session> session_;
  std::optional<Context> held_, free_;
};

class SuspendedCovesa final : public SuspendedLogger {
 public:
  explicit SuspendedCovesa(const SuspendPlan& plan) : f_(CovesaLibrary::load()), texts_(Texts::fixed(plan.payload)) {
    if (f_.register_app(plan.run.c_str(), "dlt-bench") < 0 ||
        f_.register_context(&held_, "HELD", "of the thread that is held") < 0 ||
        f_.register_context(&free_, "FREE", "of the other ones") < 0)
      throw BenchError("libdlt refuses to register");
  }

  bool log(std::uint64_t producer, std::uint64_t sequence) noexcept override {
    return f_.log(producer == held_producer ? held_ : free_, tag(producer, sequence), 0, texts_.of(sequence).data());
  }
  bool flush(double) override { return true; }  // it has none
  LoggerBooks books() override { return {}; }   // nor these
  bool make_context(std::uint32_t number, bool) override {
    CovesaStruct fresh;
    const bool made = f_.register_context(&fresh, context_name(number).data(), "made while a thread is held") >= 0;
    return made && f_.unregister_context(&fresh) >= 0;
  }
  void await_level(const std::atomic<std::uint32_t>&) override {}

 private:
  CovesaLibrary f_;
  Texts texts_;
  CovesaStruct held_, free_;
};

}  // namespace

std::unique_ptr<SuspendedLogger> make_suspended_dlt(const SuspendPlan& plan) {
  return std::make_unique<SuspendedDlt>(plan);
}
std::unique_ptr<SuspendedLogger> make_suspended_covesa(const SuspendPlan& plan) {
  return std::make_unique<SuspendedCovesa>(plan);
}

}  // namespace dlt::bench
