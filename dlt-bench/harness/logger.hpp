// A logging library as the harness sees it: open it, let threads log through it, flush, read its books, end it.
//
// Virtual because the choice is made at run time: our library; the incumbent's, found at run time; and loggers that are
// wrong on purpose, which prove that the cases notice. produce() is called by each logging thread once, with its loop;
// the rest by one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "harness/plan.hpp"
#include "harness/producer.hpp"

namespace dlt::bench {

class Logger {
 public:
  virtual ~Logger() = default;
  virtual void produce(unsigned thread, ProducerLoop& loop, std::uint64_t start_ns) = 0;
  [[nodiscard]] virtual bool connected() = 0;
  // Waits until everything that was accepted is handed over; false when the limit passed first.
  [[nodiscard]] virtual bool flush(double limit_s) = 0;
  // Queries the books; complete when no thread is in produce().
  [[nodiscard]] virtual LoggerBooks books() = 0;
};

// "dlt": libdlt-user. Peers, for `compare`: "covesa", the incumbent's libdlt.so.2; "spdlog", its async logger to the
// file that the plan's address names; "syslog".
// Wrong on purpose, all by way of libdlt-user: "drops" forgets one message in 1,000 and claims to have taken it;
// "reorders" swaps a message with the next one; "repeats" logs one twice; "tears" logs one with another's text;
// "leaks" forgets to give memory and file descriptors back; "uneven" is slow in every other run.
// Throws BenchError when the library is not there or refuses.
[[nodiscard]] std::unique_ptr<Logger> make_logger(const ProducePlan& plan);
[[nodiscard]] bool logger_exists(const std::string& name) noexcept;
// Whether the case does what the logger's name says. "mutex", one lock around one buffer, is for the suspension cases.
[[nodiscard]] bool logger_fits(const std::string& name, std::string_view case_name);
[[nodiscard]] bool is_peer_logger(const std::string& name) noexcept;

[[nodiscard]] std::unique_ptr<Logger> make_dlt_logger(const ProducePlan& plan);
[[nodiscard]] std::unique_ptr<Logger> make_wrong_logger(const ProducePlan& plan);
[[nodiscard]] std::unique_ptr<Logger> make_covesa_logger(const ProducePlan& plan);
[[nodiscard]] std::unique_ptr<Logger> make_spdlog_logger(const ProducePlan& plan);
[[nodiscard]] std::unique_ptr<Logger> make_syslog_logger(const ProducePlan& plan);

}  // namespace dlt::bench
