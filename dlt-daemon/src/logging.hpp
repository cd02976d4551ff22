// Where the daemon's own log goes: stderr or stdout, syslog, a file. start_logging: before the threads start, once;
// set_logging_level: the io thread, at any time; the rest: any thread.
#pragma once

#include <spdlog/common.h>

#include <optional>
#include <string>
#include <string_view>

#include "config.hpp"

namespace dlt::daemon {

enum class Terminal : std::uint8_t {
  journal,     // stderr or stdout; where they are the journal's, lines carry no time
  foreground,  // stderr or stdout, and lines always carry the time
  background,  // there will be none: what would go there goes to syslog, and to stderr as long as that is open
};

// Makes it the default logger of spdlog. What is wrong, if the file cannot be opened.
[[nodiscard]] std::optional<std::string> start_logging(const Config& config, Terminal terminal);

void set_logging_level(std::uint8_t syslog_level);

// Each line goes there as well, down to debug whatever the level is, until it is detached; afterwards nobody is in
// there. Without start_logging there is no such log, and nothing happens.
void attach_lines(const spdlog::sink_ptr& lines);
void detach_lines(const spdlog::sink_ptr& lines);

// What is said whatever the log is, and before there is one: a line on stderr, with its level where that is the
// journal's.
void say(std::uint8_t syslog_level, std::string_view text);

}  // namespace dlt::daemon
