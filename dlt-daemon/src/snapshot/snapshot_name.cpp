#include "snapshot/snapshot_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace dlt::daemon {

namespace {

constexpr std::string_view ending = ".dlt.zst";
constexpr std::size_t longest_reason = 64;
constexpr std::size_t time_size = 23;

bool is_plain(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_time(std::string_view text) noexcept {
  constexpr std::string_view form = "dddddddd:dddddd.ddddddZ";
  return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char c, char f) {
    if (f == ':') return c == 'T';
    return f == 'd' ? c >= '0' && c <= '9' : c == f;
  });
}

}  // namespace

std::string name_part(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text) {
    if (out.size() == limit) break;
    if (is_plain(c)) out += c;
    else if (!out.empty() && out.back() != '-') out += '-';
  }
  while (!out.empty() && out.back() == '-') out.pop_back();
  return out.empty() ? "_" : out;
}

std::string time_part(std::int64_t unix_us) {
  const auto seconds = static_cast<std::time_t>(unix_us / 1'000'000);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}.{:06}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, unix_us % 1'000'000);
}

std::string snapshot_name(EcuId ecu, AppId app, std::int32_t pid, std::int64_t unix_us, std::string_view reason,
                          unsigned turn) {
  const std::string more = turn > 1 ? fmt::format("-{}", turn) : "";
  return fmt::format("{}-{}-{}-{}-{}{}{}", name_part(ecu.text(), 4), name_part(app.text(), 4), pid, time_part(unix_us),
                     name_part(reason, longest_reason), more, ending);
}

std::string_view time_of_snapshot(std::string_view name) noexcept {
  if (!name.ends_with(ending)) return {};
  for (int dashes = 0; dashes < 3; ++dashes) {
    const auto dash = name.find('-');
    if (dash == std::string_view::npos) return {};
    name.remove_prefix(dash + 1);
  }
  const auto time = name.substr(0, time_size);
  return is_time(time) ? time : std::string_view();
}

}  // namespace dlt::daemon
