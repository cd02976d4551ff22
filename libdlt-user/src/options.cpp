#include "dlt/options.hpp"

#include "address.hpp"

namespace dlt {

std::string_view name(OverflowMode mode) noexcept {
  switch (mode) {
    case OverflowMode::overwrite: return "overwrite";
    case OverflowMode::drop_newest: return "drop_newest";
    case OverflowMode::block: return "block";
  }
  return "invalid";
}

namespace {

std::string check_buffer(const std::string& field, const BufferOptions& b) {
  using std::chrono::hours;
  using std::chrono::milliseconds;
  if (b.capacity < 8 || b.capacity > (1U << 20)) return field + ".capacity must be 8 to 1048576 messages";
  if (b.mode > OverflowMode::block) return field + ".mode is not an overflow mode";
  if (b.timeout < milliseconds(0) || b.timeout > hours(1)) return field + ".timeout must be 0 to 1 hour";
  return {};
}

std::string check_recorder(const Options& o) {
  if (o.recorder_level < Level::off || o.recorder_level > Level::verbose)
    return "recorder_level must be off to verbose";
  if (o.recorder_bytes < (16U << 10) || o.recorder_bytes > (64U << 20))
    return "recorder_bytes must be 16 KiB to 64 MiB";
  if (o.recorder_rings < 1 || o.recorder_rings > 4096) return "recorder_rings must be 1 to 4096";
  if (o.recorder_signal < 0 || o.recorder_signal > 64) return "recorder_signal must be 0 to 64";
  if (o.recorder_interval.count() < 0 || o.recorder_interval > std::chrono::hours(24))
    return "recorder_interval must be 0 to 1 day";
  return {};
}

}  // namespace

std::string Options::check() const {
  using namespace std::chrono_literals;
  if (app.empty()) return "app must name the application";
  if (!address.empty() && !detail::Address::parse(address))
    return "address must be unix:PATH, tcp:HOST:PORT or fifo:DIRECTORY";
  if (buffer_count < 1 || buffer_count > max_buffers) return "buffer_count must be 1 to 16";
  if (auto wrong = check_buffer("buffer", buffer); !wrong.empty()) return wrong;
  if (buffers.size() > max_buffers) return "buffers has more than 16 entries";
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const auto& own = buffers[i];
    if (!own) continue;
    if (auto wrong = check_buffer("buffers[" + std::to_string(i) + "]", *own); !wrong.empty()) return wrong;
  }
  if (level < Level::off || level > Level::verbose) return "level must be off to verbose";
  if (batch_size < 1 || batch_size > 65'536) return "batch_size must be 1 to 65536";
  if (senders < 1 || senders > buffer_count) return "senders must be 1 to buffer_count";
  if (nap < 10us || nap > 100ms) return "nap must be 10 us to 100 ms";
  if (max_message < 1024 || max_message > 65'000) return "max_message must be 1024 to 65000 bytes";
  if (arena_bytes < (1ULL << 20) || arena_bytes > (16ULL << 30)) return "arena_bytes must be 1 MiB to 16 GiB";
  if (exit_flush < 0ms || exit_flush > 60s) return "exit_flush must be 0 to 1 minute";
  if (local_print > LocalPrint::on) return "local_print is not a print mode";
  return check_recorder(*this);
}

}  // namespace dlt
