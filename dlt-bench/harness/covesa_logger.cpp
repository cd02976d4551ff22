// The incumbent's library, loaded at run time, so that nothing of it is needed to build. Its structs are opaque here:
// room that is larger than any of them, of which only the library knows the inside.
#include <dlfcn.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <vector>

#include "harness/error.hpp"
#include "harness/logger.hpp"

namespace dlt::bench {
namespace {

struct alignas(64) Opaque {
  std::array<std::byte, 1024> bytes{};
};

struct Functions {
  int (*register_app)(const char*, const char*);
  int (*unregister_app)();
  int (*register_context)(Opaque*, const char*, const char*);
  int (*unregister_context)(Opaque*);
  int (*write_start)(Opaque*, Opaque*, int);
  int (*write_finish)(Opaque*);
  int (*write_uint64)(Opaque*, std::uint64_t);
  int (*write_float64)(Opaque*, double);
  int (*write_string)(Opaque*, const char*);
  int (*free)();
};

template <class F>
void load(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  if (function == nullptr) throw BenchError(std::string("libdlt.so.2 has no ") + name);
}

Functions load_library() {
  void* library = ::dlopen("libdlt.so.2", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw BenchError("libdlt.so.2 is not installed");
  Functions f{};
  load(library, "dlt_register_app", f.register_app);
  load(library, "dlt_unregister_app", f.unregister_app);
  load(library, "dlt_register_context", f.register_context);
  load(library, "dlt_unregister_context", f.unregister_context);
  load(library, "dlt_user_log_write_start", f.write_start);
  load(library, "dlt_user_log_write_finish", f.write_finish);
  load(library, "dlt_user_log_write_uint64", f.write_uint64);
  load(library, "dlt_user_log_write_float64", f.write_float64);
  load(library, "dlt_user_log_write_string", f.write_string);
  load(library, "dlt_free", f.free);
  return f;
}

class CovesaLogger : public Logger {
 public:
  explicit CovesaLogger(const ProducePlan& plan) : f_(load_library()), contexts_(plan.threads), offered_(plan.threads) {
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
    constexpr int info = 4;
    Opaque data;
    loop.run(
        [&](std::uint64_t n, double sent, std::string_view text) {
          if (f_.write_start(&contexts_[thread], &data, info) <= 0) return false;
          f_.write_uint64(&data, n);
          f_.write_float64(&data, sent);
          f_.write_string(&data, text.data());  // our texts end in a NUL
          return f_.write_finish(&data) >= 0;
        },
        start_ns);
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
  Functions f_;
  std::vector<Opaque> contexts_;
  std::vector<std::uint64_t> offered_;
};

}  // namespace

std::unique_ptr<Logger> make_covesa_logger(const ProducePlan& plan) { return std::make_unique<CovesaLogger>(plan); }

}  // namespace dlt::bench
