// For programs that log with spdlog: their messages become DLT messages by one line,
//
//   spdlog::set_default_logger(dlt::spdlog_logger("ROUT", "route calculation"));
//
// or, beside the sinks that a logger has already,
// logger->sinks().push_back(std::make_shared<dlt::spdlog_sink>("ROUT")). Include it where the logger is made; the
// program needs spdlog (1.x), the library does not, so dlt.hpp leaves it out.
//
// A message is one text argument: the formatted payload, without spdlog's pattern, because time, level, context and
// application stand in the DLT header. `enable_formatting` (as in spdlog's syslog sink) puts the pattern's text there
// instead. Text longer than Options::max_message is cut and marked; a message that the buffer refuses is counted there,
// spdlog does not hear of it. Before dlt::start and after the session's end messages are dropped.
//
//   spdlog  trace    debug  info  warn  err    critical
//   DLT     verbose  debug  info  warn  error  fatal
//
// Any thread may log. Without formatting log() takes no lock and allocates nothing; a pattern's formatter may be used
// by one thread at a time, so with it there is a lock. flush() does nothing: the library sends by itself; to wait for
// that there is Session::flush.
#pragma once

#include <spdlog/common.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/sink.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "dlt/context.hpp"
#include "dlt/log.hpp"

namespace dlt {

[[nodiscard]] constexpr Level level_of(spdlog::level::level_enum level) noexcept {
  switch (level) {
    case spdlog::level::trace: return Level::verbose;
    case spdlog::level::debug: return Level::debug;
    case spdlog::level::info: return Level::info;
    case spdlog::level::warn: return Level::warn;
    case spdlog::level::err: return Level::error;
    case spdlog::level::critical: return Level::fatal;
    case spdlog::level::off:
    case spdlog::level::n_levels: break;
  }
  return Level::off;
}
[[nodiscard]] constexpr spdlog::level::level_enum spdlog_level_of(Level level) noexcept {
  switch (level) {
    case Level::verbose: return spdlog::level::trace;
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
    case Level::fatal: return spdlog::level::critical;
    case Level::off:
    case Level::by_default: break;
  }
  return spdlog::level::off;
}

class spdlog_sink final : public spdlog::sinks::sink {
 public:
  // A context of its own; one with the same id elsewhere in the program shares its level.
  explicit spdlog_sink(ContextId context, std::string_view description = {}, bool enable_formatting = false)
      : context_(context, description),
        formatter_(enable_formatting ? std::make_unique<spdlog::pattern_formatter>() : nullptr) {}

  void log(const spdlog::details::log_msg& message) override {
    const Level level = level_of(message.level);
    if (!context_.enabled(level)) return;
    if (formatter_ == nullptr) {
      put(level, message.payload);
      return;
    }
    spdlog::memory_buf_t text;
    {
      const std::lock_guard lock(formatting_);
      formatter_->format(message, text);
    }
    std::string_view line(text.data(), text.size());
    if (line.ends_with('\n')) line.remove_suffix(1);
    put(level, line);
  }
  void flush() override {}

  // They have an effect only with `enable_formatting`.
  void set_pattern(const std::string& pattern) override {
    set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern));
  }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    const std::lock_guard lock(formatting_);
    if (formatter_ != nullptr) formatter_ = std::move(formatter);
  }

  [[nodiscard]] Context& context() noexcept { return context_; }

 private:
  template <class Text>
  void put(Level level, const Text& text) noexcept {
    (void)dlt::log(context_, level, "{}",
                   std::string_view(text.data(), text.size()));  // a refusal is in the statistics
  }

  Context context_;
  std::mutex formatting_;
  std::unique_ptr<spdlog::formatter> formatter_;  // set or not for good: null without formatting
};

// A logger into this context whose level follows the context's: what a client has switched off costs no formatting.
// Made while the level is off (before dlt::start), it lets everything come to the sink until the level is changed.
// Its name, for spdlog's registry, is the context's id.
[[nodiscard]] inline std::shared_ptr<spdlog::logger> spdlog_logger(ContextId context,
                                                                   std::string_view description = {}) {
  auto sink = std::make_shared<spdlog_sink>(context, description);
  auto logger = std::make_shared<spdlog::logger>(std::string(context.text()), sink);
  const Level level = sink->context().reach();
  logger->set_level(level == Level::off ? spdlog::level::trace : spdlog_level_of(level));
  // The sink owns the callback and the logger the sink: by a weak pointer, or none of them would ever end.
  sink->context().on_level_change([weak = std::weak_ptr<spdlog::logger>(logger), of = sink.get()](Level) {
    if (const auto alive = weak.lock()) alive->set_level(spdlog_level_of(of->context().reach()));
  });
  return logger;
}

}  // namespace dlt
