#include "storage/retention.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace dlt::daemon {

namespace {
constexpr std::string_view prefix = "dlt_";
constexpr std::uint64_t largest = 999'999'999'999;  // a number that somebody else made up does not end the counting
constexpr std::size_t least_digits = 8;

// "_YYYYMMDD-HHMMSS.dlt", perhaps with ".zst".
bool is_rest(std::string_view text) noexcept {
  constexpr std::string_view stamp = "_00000000-000000";
  if (text.size() < stamp.size()) return false;
  for (std::size_t i = 0; i < stamp.size(); ++i)
    if (stamp[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != stamp[i]) return false;
  text.remove_prefix(stamp.size());
  return text == ".dlt" || text == ".dlt.zst";
}
}  // namespace

std::string stored_name(std::uint64_t number, std::int64_t unix_s, bool compressed) {
  const auto when = static_cast<std::time_t>(unix_s);
  std::tm utc{};
  ::gmtime_r(&when, &utc);
  char time[32];
  std::strftime(time, sizeof time, "%Y%m%d-%H%M%S", &utc);
  char name[80];
  std::snprintf(name, sizeof name, "dlt_%08llu_%s.dlt%s", static_cast<unsigned long long>(number), time,
                compressed ? ".zst" : "");
  return name;
}

std::optional<std::uint64_t> stored_number(std::string_view name) noexcept {
  if (!name.starts_with(prefix)) return std::nullopt;
  const auto digits = name.substr(prefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const auto size = static_cast<std::size_t>(end - digits.data());
  if (error != std::errc{} || size < least_digits || number > largest || !is_rest(digits.substr(size)))
    return std::nullopt;
  return number;
}

void Retention::found(std::vector<StoredFile> files) {
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  files_.assign(files.begin(), files.end());
}

std::vector<StoredFile> Retention::make_room(std::uint64_t coming) {
  std::uint64_t total = coming;
  for (const auto& file : files_) total += file.size;
  std::vector<StoredFile> gone;
  while (!files_.empty() && (total > limits_.bytes || files_.size() >= limits_.files)) {
    total -= files_.front().size;
    gone.push_back(std::move(files_.front()));
    files_.pop_front();
  }
  return gone;
}

}  // namespace dlt::daemon
