// spdlog's asynchronous logger as its manual shows it: one background thread, a queue of 8,192 in which callers wait
// for room, a file. It has no daemon; what has arrived is what stands in the file.
#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>

#include "harness/logger.hpp"

namespace dlt::bench {
namespace {

class SpdlogLogger : public Logger {
 public:
  explicit SpdlogLogger(const ProducePlan& plan)
      : pool_(std::make_shared<spdlog::details::thread_pool>(8192, 1)),
        logger_(std::make_shared<spdlog::async_logger>(
            "bench", std::make_shared<spdlog::sinks::basic_file_sink_mt>(plan.address, true), pool_,
            spdlog::async_overflow_policy::block)),
        offered_(plan.threads) {}

  void produce(unsigned thread, ProducerLoop& loop, std::uint64_t start_ns) override {
    loop.run(
        [&](std::uint64_t n, double sent, std::string_view text) {
          logger_->info("{} {} {}", n, sent, text);
          return true;
        },
        start_ns);
    offered_[thread] = loop.offered();
  }
  bool connected() override { return true; }
  // The end of the pool is the one thing that waits for its queue; the end of the logger closes the file.
  bool flush(double) override {
    pool_.reset();
    logger_.reset();
    return true;
  }
  LoggerBooks books() override {
    LoggerBooks b;
    for (const std::uint64_t n : offered_) b.accepted += n;
    return b;
  }

 private:
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::async_logger> logger_;
  std::vector<std::uint64_t> offered_;
};

}  // namespace

std::unique_ptr<Logger> make_spdlog_logger(const ProducePlan& plan) { return std::make_unique<SpdlogLogger>(plan); }

}  // namespace dlt::bench
