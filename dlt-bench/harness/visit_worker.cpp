// A process that starts a session, logs, flushes and ends the session again, as often as it is told; the last session
// stays until the benchmark lets the process go.
#include <unistd.h>

#include <array>
#include <cstring>
#include <deque>
#include <new>

#include "harness/connected.hpp"
#include "harness/dlt_logger.hpp"
#include "harness/growth.hpp"
#include "harness/message.hpp"
#include "harness/texts.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr std::chrono::milliseconds patience{60'000};
constexpr std::uint64_t looks = 200, wrong_one_in = 1000;

// Four characters for each of the first 1.6 million.
ContextId context_id(std::uint64_t n) {
  constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::array<char, 4> id{};
  for (auto at = id.rbegin(); at != id.rend(); ++at, n /= digits.size()) *at = digits[n % digits.size()];
  return ContextId(std::string_view(id.data(), id.size()));
}

class Visitor {
 public:
  explicit Visitor(const VisitPlan& plan) : plan_(plan), texts_(Texts::fixed(plan.payload)) {
    options_.app = AppId(std::string_view(plan.run));
    options_.description = "dlt-bench visitor";
    options_.address = plan.address;
    options_.buffer.mode = OverflowMode::block;
    options_.buffer.timeout = patience;
  }

  VisitResult run() {
    const Usage before = usage_of();
    result_.begin_ns = now_ns();
    for (std::uint64_t i = 0; i < plan_.visits; ++i) visit(i);
    result_.end_ns = now_ns();
    result_.books = books_of(session_->stats());
    result_.books.accepted += claimed_;
    result_.usage = usage_of().since(before);
    return std::move(result_);
  }

 private:
  void visit(std::uint64_t n) {
    contexts_.clear();
    session_.reset();
    if (n % std::max<std::uint64_t>(1, plan_.visits / looks) == 0)
      look(result_.held, static_cast<double>(now_ns() - result_.begin_ns) * 1e-9);
    auto session = dlt::start(options_);
    if (!session) throw BenchError("the library does not start: " + session.error().message());
    session_.emplace(std::move(*session));
    for (std::uint64_t i = 0; i < plan_.contexts; ++i) contexts_.emplace_back(context_id(i), "a visitor's");
    for (std::uint64_t i = 0; i < plan_.messages; ++i) log(contexts_[i % plan_.contexts]);
    result_.flushed = session_->flush(patience) && result_.flushed;
    if (plan_.logger == "leaks") leak(n);
  }
  void log(Context& context) {
    const std::uint64_t n = result_.offered++;
    if (plan_.logger == "drops" && n % wrong_one_in == wrong_one_in - 1) ++claimed_;
    else dlt::info(context, "{}{}{}", tag(0, n), 0.0, texts_.of(n));
  }
  static void leak(std::uint64_t n) {
    constexpr std::size_t bytes = 16 * 1024;
    [[maybe_unused]] const int lost = n % 10 == 0 ? ::dup(0) : -1;
    void* memory = std::memset(::operator new(bytes), 1, bytes);
    asm volatile("" : : "r"(memory) : "memory");
  }

  const VisitPlan& plan_;
  Texts texts_;
  Options options_;
  std::optional<Session> session_;
  std::deque<Context> contexts_;
  std::uint64_t claimed_ = 0;
  VisitResult result_;
};

}  // namespace

void visit_worker(Channel& channel) {
  constexpr double patience_s = 600;
  const auto plan = from_wire<VisitPlan>(channel.expect(60));
  Visitor visitor(plan);
  channel.send("ready");
  (void)channel.expect(patience_s);  // go
  channel.send(to_wire(visitor.run()));
  (void)channel.expect(patience_s);  // end
}

}  // namespace dlt::bench
