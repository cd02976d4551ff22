#include "snapshot/recorded_lines.hpp"

#include <algorithm>

#include "clocks.hpp"
#include "route/own_message.hpp"

namespace dlt::daemon {

namespace {

std::uint8_t dlt_level(spdlog::level::level_enum level) noexcept {
  constexpr std::uint8_t verbose = 6;  // spdlog counts upwards from trace, DLT downwards to fatal
  return static_cast<std::uint8_t>(verbose - std::min<int>(level, spdlog::level::critical));
}

}  // namespace

void RecordedLines::sink_it_(const spdlog::details::log_msg& line) {
  const auto now = uptime(std::chrono::steady_clock::now());
  const std::string_view text(line.payload.data(), line.payload.size());
  recorder_.record_line(own_message({ecu_, OwnRecorder::app, "DLTD"}, dlt_level(line.level), text, now));
}

}  // namespace dlt::daemon
