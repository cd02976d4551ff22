// The process that callgrind looks at: N log calls inside one function of a known name, and nothing else in it.
#include <dlt/dlt.hpp>

#include "harness/error.hpp"
#include "harness/json.hpp"
#include "harness/worker.hpp"

extern "C" [[gnu::noinline]] std::uint64_t dlt_bench_counted_calls(dlt::Context& ctx, std::uint64_t calls) {
  constexpr std::string_view text = "twelve bytes";
  std::uint64_t taken = 0;
  for (std::uint64_t i = 0; i < calls; ++i) taken += dlt::info(ctx, "{}{}{}", i, 0.5, text) ? 1U : 0U;
  return taken;
}

namespace dlt::bench {

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
  dlt::info(ctx, "{}{}{}", std::uint64_t{0}, 0.5, std::string_view("twelve bytes"));  // the thread's first, uncounted
  const std::uint64_t taken = dlt_bench_counted_calls(ctx, calls);
  channel.send(std::to_string(taken));
}

}  // namespace dlt::bench
