// libdlt-user, used as any application uses it: one session, one context per thread.
#pragma once

#include <deque>
#include <dlt/dlt.hpp>

#include "harness/logger.hpp"

namespace dlt::bench {

[[nodiscard]] LoggerBooks books_of(const Stats& stats);

class DltLogger : public Logger {
 public:
  // Throws BenchError when the session cannot be started.
  explicit DltLogger(const ProducePlan& plan);

  void produce(unsigned thread, ProducerLoop& loop, std::uint64_t start_ns) override;
  [[nodiscard]] bool connected() override { return session_->connected(); }
  [[nodiscard]] bool flush(double limit_s) override;
  [[nodiscard]] LoggerBooks books() override;

 protected:
  [[nodiscard]] Context& context(unsigned thread) { return contexts_[thread]; }

 private:
  bool urgent_;
  bool mixed_levels_;
  std::optional<Session> session_;
  std::deque<Context> contexts_;
};

}  // namespace dlt::bench
