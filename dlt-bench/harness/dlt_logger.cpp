#include "harness/dlt_logger.hpp"

#include <cstdio>

#include "harness/error.hpp"

namespace dlt::bench {
namespace {

Options options_of(const ProducePlan& plan) {
  Options options;
  options.app = AppId(std::string_view(plan.run));
  options.description = "dlt-bench";
  options.address = plan.address;
  if (plan.buffer_capacity != 0) options.buffer.capacity = plan.buffer_capacity;
  if (plan.buffer_count != 0) options.buffer_count = plan.buffer_count;
  if (plan.batch_size != 0) options.batch_size = plan.batch_size;
  if (plan.senders != 0) options.senders = plan.senders;
  options.buffer.mode = static_cast<OverflowMode>(plan.overflow_mode);
  options.buffer.timeout = std::chrono::milliseconds(plan.timeout_ms);
  return options;
}

}  // namespace

DltLogger::DltLogger(const ProducePlan& plan) : urgent_(plan.urgent), mixed_levels_(plan.mixed_levels) {
  auto session = dlt::start(options_of(plan));
  if (!session) throw BenchError("the library does not start: " + session.error().message());
  session_.emplace(std::move(*session));
  for (unsigned i = 0; i < plan.threads; ++i) {
    std::array<char, 8> id{};
    std::snprintf(id.data(), id.size(), "T%03u", i % 1000);
    contexts_.emplace_back(ContextId(std::string_view(id.data())), "a benchmark thread");
  }
}

void DltLogger::produce(unsigned thread, ProducerLoop& loop, std::uint64_t start_ns) {
  Context& ctx = context(thread);
  if (mixed_levels_) {
    loop.run(
        [&](std::uint64_t n, double sent, std::string_view text) {
          switch ((n >> sequence_bits) % mixed_lanes) {
            case 0: return dlt::fatal(ctx, "{}{}{}", n, sent, text);
            case 1: return dlt::error(ctx, "{}{}{}", n, sent, text);
            default:
              return n % 2 == 0 ? dlt::warn(ctx, "{}{}{}", n, sent, text) : dlt::info(ctx, "{}{}{}", n, sent, text);
          }
        },
        start_ns);
  } else if (urgent_) {
    loop.run(
        [&](std::uint64_t n, double sent, std::string_view text) { return dlt::error(ctx, "{}{}{}", n, sent, text); },
        start_ns);
  } else {
    loop.run(
        [&](std::uint64_t n, double sent, std::string_view text) { return dlt::info(ctx, "{}{}{}", n, sent, text); },
        start_ns);
  }
}

bool DltLogger::flush(double limit_s) {
  return session_->flush(std::chrono::milliseconds(static_cast<int>(limit_s * 1e3)));
}

LoggerBooks books_of(const Stats& s) {
  LoggerBooks books;
  books.accepted = s.accepted;
  books.queued = s.queued;
  books.dropped = {{"full", s.dropped.full},           {"overwritten", s.dropped.overwritten},
                   {"timed_out", s.dropped.timed_out}, {"at_exit", s.dropped.at_exit},
                   {"too_large", s.dropped.too_large}, {"nested", s.dropped.nested}};
  books.closes = s.closes();
  books.writes = s.writes;
  books.wakes = s.wakes;
  books.connects = s.connects;
  for (const BufferStats& b : s.buffers) {
    books.reserved_bytes += b.reserved_bytes;
    books.buffers_used += b.reserved_bytes != 0 ? 1U : 0U;
    books.fill.emplace_back(b.queued, b.options.capacity);
  }
  return books;
}

LoggerBooks DltLogger::books() { return books_of(session_->stats()); }

std::unique_ptr<Logger> make_dlt_logger(const ProducePlan& plan) { return std::make_unique<DltLogger>(plan); }

}  // namespace dlt::bench
