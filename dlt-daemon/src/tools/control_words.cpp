#include "tools/control_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "dlt/proto/level.hpp"
#include "printable.hpp"

namespace dlt::tools {

using daemon::printable;
using proto::control::Service;
using proto::control::Status;

namespace {

std::string trace_word(std::int8_t status) {
  if (status == 0) return "off";
  if (status == 1) return "on";
  return status == proto::control::level_default ? "default" : std::to_string(status);
}

std::string dumped(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// The lines of an answer about snapshots, each fit to be printed.
std::string snapshot_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    out += (out.empty() ? "" : "\n") + printable(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string seconds_words(std::int64_t ticks) { return fmt::format("{}.{:04}", ticks / 10'000, ticks % 10'000); }

}  // namespace

std::string level_word(std::int8_t level) {
  if (level < -1 || level > 6) return std::to_string(level);
  return std::string(name(static_cast<Level>(level)));
}

std::string list_table(const std::vector<ListedApplication>& list) {
  std::string out = fmt::format("{:<5} {:<8} {:<8} {:<8} {}\n", "APP", "CONTEXT", "LEVEL", "TRACE", "DESCRIPTION");
  for (const auto& app : list) {
    out +=
        fmt::format("{:<5} {:<8} {:<8} {:<8} {}\n", printable(app.id.text()), "", "", "", printable(app.description));
    for (const auto& c : app.contexts)
      out += fmt::format("{:<5} {:<8} {:<8} {:<8} {}\n", "", printable(c.id.text()), level_word(c.level),
                         trace_word(c.trace), printable(c.description));
  }
  return out;
}

std::string list_json(const std::vector<ListedApplication>& list) {
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  for (const auto& app : list) {
    nlohmann::ordered_json contexts = nlohmann::ordered_json::array();
    for (const auto& c : app.contexts)
      contexts.push_back({{"context", c.id.text()},
                          {"level", level_word(c.level)},
                          {"trace", trace_word(c.trace)},
                          {"description", c.description}});
    out.push_back({{"app", app.id.text()}, {"description", app.description}, {"contexts", contexts}});
  }
  return dumped(out);
}

std::string refusal_words(Status status) {
  switch (status) {
    case Status::ok: break;
    case Status::not_supported: return "the daemon refuses: it does not support this";
    case Status::error: return "the daemon refuses: error (an unknown context, or a value that it does not take)";
    case Status::permission_denied: return "the daemon refuses: it is not permitted";
    case Status::warning: return "the daemon warns: it was so already";
  }
  return "the daemon refuses: status " + std::to_string(static_cast<int>(status));
}

std::string success_words(const ControlExchange& e, const std::string& what) {
  const std::int64_t number = e.number().value_or(0);
  if (e.service() == Service::get_software_version) return printable(e.text());
  if (e.service() == Service::snapshot) return snapshot_lines(e.text());
  if (e.service() == Service::get_default_log_level) return level_word(static_cast<std::int8_t>(number));
  if (e.service() == Service::get_local_time) return seconds_words(number) + " s since the daemon's machine started";
  if (e.service() == Service::message_buffer_overflow) return std::to_string(number) + " messages lost";
  return what + (e.answers() > 1 ? fmt::format(" ({} contexts)", e.answers()) : "");
}

std::string result_json(const ControlExchange& e, const std::string& problem) {
  nlohmann::ordered_json out{
      {"request", proto::control::name(e.service())}, {"ok", problem.empty()}, {"answers", e.answers()}};
  if (e.service() == Service::get_software_version && problem.empty()) out["value"] = e.text();
  if (e.service() == Service::snapshot && !e.text().empty()) out["files"] = snapshot_lines(e.text());
  if (e.number() && e.service() == Service::get_default_log_level)
    out["value"] = level_word(static_cast<std::int8_t>(*e.number()));
  else if (e.number() && e.service() == Service::get_local_time) out["value"] = static_cast<double>(*e.number()) / 1e4;
  else if (e.number()) out["value"] = *e.number();
  if (!problem.empty()) out["problem"] = problem;
  return dumped(out);
}

}  // namespace dlt::tools
