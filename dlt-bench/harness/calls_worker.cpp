// The process that is looked at call by call: N log calls inside one function of a known name, and nothing else in it.
// With `stepped` there is a breakpoint before and after them; callgrind finds the function by its name.
#include <dlfcn.h>

#include <array>
#include <dlt/dlt.hpp>

#include "harness/error.hpp"
#include "harness/json.hpp"
#include "harness/worker.hpp"

extern "C" [[gnu::noinline]] std::uint64_t dlt_bench_counted_calls(dlt::Context& ctx, std::uint64_t calls,
                                                                   bool stepped) {
  constexpr std::string_view text = "twelve bytes";
  std::uint64_t taken = 0;
#if defined(__x86_64__)
  if (stepped) asm volatile("int3");
#endif
  for (std::uint64_t i = 0; i < calls; ++i) taken += dlt::info(ctx, "{}{}{}", i, 0.5, text) ? 1U : 0U;
#if defined(__x86_64__)
  if (stepped) asm volatile("int3");
#endif
  return taken;
}

namespace dlt::bench {
namespace {

// Where the functions are that a log call must not enter.
Json forbidden_functions() {
  constexpr std::array names{"malloc",
                             "calloc",
                             "realloc",
                             "free",
                             "posix_memalign",
                             "_Znwm",
                             "_Znam",
                             "_ZdlPv",
                             "pthread_mutex_lock",
                             "pthread_mutex_trylock",
                             "pthread_cond_wait",
                             "pthread_rwlock_rdlock",
                             "pthread_rwlock_wrlock",
                             "sem_wait"};
  Json functions = Json::object();
  for (const char* name : names)
    if (const void* at = ::dlsym(RTLD_DEFAULT, name); at != nullptr)
      functions[name] = reinterpret_cast<std::uintptr_t>(at);
  return functions;
}

}  // namespace

void calls_worker(Channel& channel) {
  const auto plan = Json::parse(channel.expect(10));
  const auto calls = plan.at("calls").get<std::uint64_t>();
  Options options;
  options.app = "CALL";
  options.address = plan.at("address").get<std::string>();
  options.buffer.capacity = 1 << 20;  // never full: what is counted is the call, not the waiting
  auto session = dlt::start(options);
  if (!session) throw BenchError("the library does not start: " + session.error().message());
  Context ctx("CALL", "counted");
  const bool stepped = plan.at("stepped").get<bool>();
  channel.send(forbidden_functions().dump());
  (void)channel.expect(60);  // go
  for (int i = 0; i < 10; ++i)
    dlt::info(ctx, "{}{}{}", std::uint64_t{0}, 0.5,
              std::string_view("twelve bytes"));  // the thread's first ones, uncounted
  const std::uint64_t taken = dlt_bench_counted_calls(ctx, calls, stepped);
  channel.send(std::to_string(taken));
}

}  // namespace dlt::bench
