// syslog(3), to whatever reads /dev/log, or to the socket that the plan's address names. It tells nobody what became of
// a message: only the receiving end can.
#include <syslog.h>

#include <optional>

#include "harness/dev_log.hpp"
#include "harness/error.hpp"
#include "harness/logger.hpp"

namespace dlt::bench {
namespace {

class SyslogLogger : public Logger {
 public:
  explicit SyslogLogger(const ProducePlan& plan) : name_(plan.run), offered_(plan.threads) {
    if (!plan.address.empty()) dev_log_.emplace(plan.address);
    if (!listens_at("/dev/log"))
      throw BenchError("nobody listens at " + (plan.address.empty() ? std::string("/dev/log") : plan.address));
    ::openlog(name_.c_str(), LOG_NDELAY, LOG_USER);
  }
  ~SyslogLogger() override { ::closelog(); }
  SyslogLogger(const SyslogLogger&) = delete;
  SyslogLogger& operator=(const SyslogLogger&) = delete;

  void produce(unsigned thread, ProducerLoop& loop, std::uint64_t start_ns) override {
    loop.run(
        [&](std::uint64_t n, double sent, std::string_view text) {
          ::syslog(LOG_INFO, "%llu %.0f %.*s", static_cast<unsigned long long>(n), sent, static_cast<int>(text.size()),
                   text.data());
          return true;
        },
        start_ns);
    offered_[thread] = loop.offered();
  }
  bool connected() override { return true; }
  bool flush(double) override { return true; }  // each call has sent its message itself
  LoggerBooks books() override {
    LoggerBooks b;
    for (const std::uint64_t n : offered_) b.accepted += n;
    return b;
  }

 private:
  std::optional<DevLog> dev_log_;
  std::string name_;  // openlog keeps the pointer
  std::vector<std::uint64_t> offered_;
};

}  // namespace

std::unique_ptr<Logger> make_syslog_logger(const ProducePlan& plan) { return std::make_unique<SyslogLogger>(plan); }

}  // namespace dlt::bench
