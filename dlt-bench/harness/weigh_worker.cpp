// A process that logs so many messages of one shape while its daemon stands still, and weighs itself before and after.
#include <malloc.h>

#include <dlt/dlt.hpp>
#include <fstream>

#include "harness/connected.hpp"
#include "harness/dlt_logger.hpp"
#include "harness/numbered_text.hpp"
#include "harness/weigh_plan.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr std::chrono::milliseconds patience{120'000};
constexpr std::uint32_t most_capacity = 1U << 20;
constexpr std::uint64_t arena_bytes = 4ULL << 30;  // of addresses

std::uint64_t heap() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

// Exact, unlike what /proc/self/status says, which may be half a megabyte late.
std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/smaps_rollup");
  for (std::string word; in >> word;)
    if (std::uint64_t kib = 0; word == "Rss:" && in >> kib) return kib * 1024;
  return usage_of().rss_bytes;
}

void log(Context& context, unsigned fields, const std::string& text, std::uint64_t n) {
  if (fields == 0) {
    dlt::info(context, "{}", text);
  } else if (fields == 3) {
    dlt::info(context, "{}", text, kv("user", n), kv("load", 0.5), kv("ok", true));
  } else {
    dlt::info(context, "{}", text, kv("user", n), kv("load", 0.5), kv("ok", true), kv("node", 7U), kv("ms", n / 3),
              kv("retry", 0U), kv("zone", "north"), kv("size", n * 2));
  }
}

}  // namespace

void weigh_worker(Channel& channel) {
  constexpr double patience_s = 600;
  const auto plan = Json::parse(channel.expect(60)).get<WeighPlan>();
  Options options;
  options.app = AppId(std::string_view(plan.run));
  options.description = "dlt-bench weighs";
  options.address = plan.address;
  options.buffer.mode = OverflowMode::drop_newest;
  options.buffer.capacity = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(plan.messages + 8, 64, most_capacity));
  options.arena_bytes = arena_bytes;
  auto session = dlt::start(options);
  if (!session) throw BenchError("the library does not start: " + session.error().message());
  wait_connected(*session);
  Context context(ContextId("WEIG"), "weighs");
  std::string text = numbered_text(plan.text);
  set_number(text, 0);
  log(context, plan.fields, text, 0);  // what a thread needs once is there
  VisitResult result;
  result.flushed = session->flush(patience);
  channel.send("ready");
  (void)channel.expect(patience_s);  // go: the daemon stands still

  Weight w;
  w.rss_before = resident_bytes(), w.heap_before = heap();
  w.begin_ns = now_ns();
  for (std::uint64_t n = 1; n <= plan.messages; ++n) {
    set_number(text, n);
    log(context, plan.fields, text, n);
  }
  w.rss_after = resident_bytes(), w.heap_after = heap();
  const Stats stats = session->stats();
  w.waiting = stats.accepted - stats.dropped.total() - 1;
  w.wire_bytes = stats.accepted_bytes;
  channel.send(Json(w).dump());
  (void)channel.expect(patience_s);  // flush: it goes on
  result.flushed = session->flush(patience) && result.flushed;
  result.offered = plan.messages + 1;
  result.books = books_of(session->stats());
  result.usage = usage_of();
  channel.send(to_wire(result));
  (void)channel.expect(patience_s);  // end
}

}  // namespace dlt::bench
