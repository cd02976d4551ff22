#include "logging.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

namespace dlt::daemon {

namespace {

// The incumbent's LoggingMode.
constexpr std::uint8_t to_stdout = 0;
constexpr std::uint8_t to_syslog = 1;
constexpr std::uint8_t to_file = 2;

spdlog::level::level_enum spdlog_level(std::uint8_t syslog_level) noexcept {
  if (syslog_level >= 7) return spdlog::level::debug;
  if (syslog_level >= 5) return spdlog::level::info;
  if (syslog_level == 4) return spdlog::level::warn;
  return syslog_level == 3 ? spdlog::level::err : spdlog::level::critical;
}

// The level as the journal reads it at the start of a line: "<3>".
class JournalLevel : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    constexpr std::string_view by_level = "7764322";  // trace, debug, info, warn, err, critical, off
    out.push_back(by_level[static_cast<std::size_t>(message.level)]);
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JournalLevel>();
  }
};

spdlog::sink_ptr file_sink(const Config& c) {
  if (!c.logging_limited) return std::make_shared<spdlog::sinks::basic_file_sink_mt>(c.logging_file);
  const auto files = static_cast<std::size_t>(c.logging_max_size / c.logging_file_size) - 1;  // besides the present one
  return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(c.logging_file, c.logging_file_size, files);
}

spdlog::sink_ptr make_sink(const Config& c, std::uint8_t mode, int syslog_options) {
  switch (mode) {
    case to_stdout: return std::make_shared<spdlog::sinks::stdout_sink_mt>();
    case to_syslog:
      return std::make_shared<spdlog::sinks::syslog_sink_mt>("dlt-daemon", syslog_options, LOG_DAEMON, false);
    case to_file: return file_sink(c);
    default: return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
}

// The variable alone says nothing: it is inherited by who then has a terminal, as in a desktop session.
bool is_journal(int fd) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  return stream != nullptr && ::fstat(fd, &info) == 0 && fmt::format("{}:{}", info.st_dev, info.st_ino) == stream;
}

// The journal and syslog add time and process themselves.
const char* pattern_of(std::uint8_t mode, Terminal terminal) {
  if (mode == to_syslog) return "%v";
  const int fd = mode == to_stdout ? STDOUT_FILENO : STDERR_FILENO;
  const bool journal = mode != to_file && terminal == Terminal::journal && is_journal(fd);
  return journal ? "<%*>%v" : "%Y-%m-%d %H:%M:%S.%e %l: %v";
}

// Where lines go besides the log itself. Nothing: the logger is not that of start_logging.
std::shared_ptr<spdlog::sinks::dist_sink_mt> fan_of_lines() {
  return std::dynamic_pointer_cast<spdlog::sinks::dist_sink_mt>(spdlog::default_logger_raw()->sinks().back());
}

}  // namespace

void say(std::uint8_t syslog_level, std::string_view text) {
  const auto line =
      is_journal(STDERR_FILENO) ? fmt::format("<{}>{}\n", syslog_level, text) : fmt::format("dlt-daemon: {}\n", text);
  std::fputs(line.c_str(), stderr);
}

void set_logging_level(std::uint8_t syslog_level) {
  const auto level = spdlog_level(syslog_level);
  const auto fan = fan_of_lines();
  for (const auto& sink : spdlog::default_logger_raw()->sinks())
    if (sink != fan) sink->set_level(level);
  const bool attached = fan && !fan->sinks().empty();
  spdlog::set_level(attached ? std::min(level, spdlog::level::debug) : level);
}

void attach_lines(const spdlog::sink_ptr& lines) {
  const auto fan = fan_of_lines();
  if (!fan) return;
  fan->add_sink(lines);
  spdlog::set_level(std::min(spdlog::get_level(), spdlog::level::debug));
}

void detach_lines(const spdlog::sink_ptr& lines) {
  if (const auto fan = fan_of_lines()) fan->remove_sink(lines);
}

std::optional<std::string> start_logging(const Config& config, Terminal terminal) {
  const bool background = terminal == Terminal::background;
  const std::uint8_t mode = background && config.logging_mode != to_file ? to_syslog : config.logging_mode;
  std::shared_ptr<spdlog::logger> logger;
  try {
    const spdlog::sinks_init_list sinks{make_sink(config, mode, LOG_PID | (background ? LOG_PERROR : 0)),
                                        std::make_shared<spdlog::sinks::dist_sink_mt>()};
    logger = std::make_shared<spdlog::logger>("dlt-daemon", sinks);
  } catch (const spdlog::spdlog_ex& e) {
    return std::string("cannot log to ") + config.logging_file + ": " + e.what();
  }
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<JournalLevel>('*').set_pattern(pattern_of(mode, terminal));
  logger->set_formatter(std::move(formatter));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  set_logging_level(config.logging_level);
  return std::nullopt;
}

}  // namespace dlt::daemon
