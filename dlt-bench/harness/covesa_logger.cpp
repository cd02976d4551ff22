// The incumbent's libdlt as a logger of the benchmark.
#include <array>
#include <cstdio>
#include <vector>

#include "harness/covesa_library.hpp"
#include "harness/error.hpp"
#include "harness/logger.hpp"

namespace dlt::bench {
namespace {

class CovesaLogger : public Logger {
 public:
  explicit CovesaLogger(const ProducePlan& plan)
      : f_(CovesaLibrary::load()), contexts_(plan.threads), offered_(plan.threads) {
    if (f_.register_app(plan.run.c_str(), "dlt-bench") < 0)
      throw BenchError("libdlt refuses to register an application");
    for (unsigned i = 0; i < plan.threads; ++i) {
      std::array<char, 8> id{};
      std::snprintf(id.data(), id.size(), "T%03u", i % 1000);
      if (f_.register_context(&contexts_[i], id.data(), "a benchmark thread") < 0)
        throw BenchError("libdlt refuses a context");
    }
  }
  ~CovesaLogger() override {
    for (auto& context : contexts_) f_.unregister_context(&context);
    f_.unregister_app();
    f_.free();
  }
  CovesaLogger(const CovesaLogger&) = delete;
  CovesaLogger& operator=(const CovesaLogger&) = delete;

  void produce(unsigned thread, ProducerLoop& loop, std::uint64_t start_ns) override {
    loop.run([&](std::uint64_t n, double sent,
                 std::string_view text) { return f_.log(contexts_[thread], n, sent, text.data()); },
             start_ns);  // our texts end in a NUL
    offered_[thread] = loop.offered();
  }
  bool connected() override { return true; }    // the library does not tell
  bool flush(double) override { return true; }  // it has no flush; the receiving end waits for silence
  LoggerBooks books() override {                // nor does it count; what was called is what was accepted
    LoggerBooks b;
    for (const std::uint64_t n : offered_) b.accepted += n;
    return b;
  }

 private:
  CovesaLibrary f_;
  std::vector<CovesaStruct> contexts_;
  std::vector<std::uint64_t> offered_;
};

}  // namespace

std::unique_ptr<Logger> make_covesa_logger(const ProducePlan& plan) { return std::make_unique<CovesaLogger>(plan); }

}  // namespace dlt::bench
