#include "tools/time_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <ctime>

namespace dlt::tools {

namespace {

constexpr std::int64_t million = 1'000'000;

// Reads from the front of a text; what does not fit leaves ok false.
struct Scanner {
  std::string_view text;
  bool ok = true;

  [[nodiscard]] bool take(char c) noexcept {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
  }
  void want(char c) noexcept { ok = take(c) && ok; }
  // A number of so many digits.
  std::int64_t number(std::size_t least, std::size_t most) noexcept {
    std::size_t digits = 0;
    std::int64_t value = 0;
    while (digits < most && digits < text.size() && text[digits] >= '0' && text[digits] <= '9')
      value = 10 * value + (text[digits++] - '0');
    if (digits < least) ok = false;
    text.remove_prefix(digits);
    return value;
  }
  // ".25" as microseconds.
  std::int64_t fraction() noexcept {
    if (!take('.') && !take(',')) return 0;
    std::int64_t value = 0;
    std::size_t digits = 0;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits)
      if (digits < 6) value = 10 * value + (text[0] - '0');
    if (digits == 0) ok = false;
    for (; digits < 6; ++digits) value *= 10;
    return value;
  }
};

std::optional<std::int64_t> parse_relative(std::string_view text, std::int64_t now_us) {
  struct Unit {
    std::string_view name;
    std::int64_t us;
  };
  constexpr std::int64_t longest = std::int64_t{1} << 62;  // no sum of it and a time overflows
  constexpr std::array units{Unit{"us", 1},
                             Unit{"ms", 1000},
                             Unit{"s", million},
                             Unit{"min", 60 * million},
                             Unit{"h", 3600 * million},
                             Unit{"d", 86400 * million}};
  Scanner in{text};
  in.want('-');
  const std::int64_t amount = in.number(1, 9);
  for (const auto& unit : units)
    if (in.ok && in.text == unit.name && amount <= longest / unit.us) return now_us - amount * unit.us;
  return std::nullopt;
}

std::optional<std::int64_t> parse_epoch(std::string_view text) {
  Scanner in{text};
  in.want('@');
  const std::int64_t seconds = in.number(1, 10);
  const std::int64_t us = in.fraction();
  if (!in.ok || !in.text.empty()) return std::nullopt;
  return seconds * million + us;
}

std::optional<std::int64_t> local_seconds(std::tm when) {
  when.tm_isdst = -1;
  const std::time_t seconds = std::mktime(&when);
  return seconds == -1 ? std::nullopt : std::optional<std::int64_t>(seconds);
}

// "Z", "+01:00", "-0530" at the end: seconds east of UTC. Nothing there: local time.
std::optional<std::int64_t> zone(Scanner& in) {
  if (in.take('Z') || in.take('z')) return 0;
  const bool east = in.text.starts_with('+');
  if (!in.take('+') && !in.take('-')) return std::nullopt;
  const std::int64_t hours = in.number(2, 2);
  static_cast<void>(in.take(':'));
  const std::int64_t seconds = hours * 3600 + in.number(2, 2) * 60;
  return east ? seconds : -seconds;
}

bool date_of(Scanner& in, std::tm& when) {
  when.tm_year = static_cast<int>(in.number(4, 4)) - 1900;
  const char between = in.text.starts_with('/') ? '/' : '-';
  in.want(between);
  when.tm_mon = static_cast<int>(in.number(1, 2)) - 1;
  in.want(between);
  when.tm_mday = static_cast<int>(in.number(1, 2));
  using namespace std::chrono;
  const year_month_day date{year(when.tm_year + 1900), month(static_cast<unsigned>(when.tm_mon + 1)),
                            day(static_cast<unsigned>(when.tm_mday))};
  return in.ok && date.ok();
}

// "2026-" or "2026/"; "9:04-05:00" is none.
bool begins_with_year(std::string_view text) noexcept {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return digits == 4 && text.size() > 4 && (text[4] == '-' || text[4] == '/');
}

// The date that it is in a zone, `east` of UTC; nothing: here.
void set_today(std::tm& when, std::int64_t now_us, std::optional<std::int64_t> east) {
  const std::time_t now = now_us / million + east.value_or(0);
  std::tm today{};
  if (east) ::gmtime_r(&now, &today);
  else ::localtime_r(&now, &today);
  when.tm_year = today.tm_year, when.tm_mon = today.tm_mon, when.tm_mday = today.tm_mday;
}

std::int64_t utc_seconds(const std::tm& when) {
  std::tm copy = when;
  return ::timegm(&copy);
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text, std::int64_t now_us) {
  if (text.starts_with('-')) return parse_relative(text, now_us);
  if (text.starts_with('@')) return parse_epoch(text);
  Scanner in{text};
  std::tm when{};
  const bool dated = begins_with_year(text);
  if (dated && !date_of(in, when)) return std::nullopt;
  std::int64_t us = 0;
  if (!dated || in.take(' ') || in.take('T')) {
    when.tm_hour = static_cast<int>(in.number(1, 2));
    in.want(':');
    when.tm_min = static_cast<int>(in.number(2, 2));
    if (in.take(':')) {
      when.tm_sec = static_cast<int>(in.number(2, 2));
      us = in.fraction();
    }
  }
  const auto east = zone(in);
  if (!in.ok || !in.text.empty() || when.tm_hour > 23 || when.tm_min > 59 || when.tm_sec > 60) return std::nullopt;
  if (!dated) set_today(when, now_us, east);
  const auto seconds = east ? std::optional(utc_seconds(when) - *east) : local_seconds(when);
  if (!seconds) return std::nullopt;
  return *seconds * million + us;
}

void append_iso_time(std::string& out, std::int64_t us) {
  using namespace std::chrono;
  const sys_time<microseconds> time{microseconds{us}};
  const auto midnight = floor<days>(time);
  const year_month_day date{midnight};
  const hh_mm_ss clock{time - midnight};
  const auto digits = [&out](std::int64_t value, std::size_t width) {
    std::array<char, 20> text{};
    for (std::size_t i = width; i-- > 0; value /= 10) text[i] = static_cast<char>('0' + value % 10);
    out.append(text.data(), width);
  };
  digits(int{date.year()}, 4), out += '-';
  digits(unsigned{date.month()}, 2), out += '-';
  digits(unsigned{date.day()}, 2), out += 'T';
  digits(clock.hours().count(), 2), out += ':';
  digits(clock.minutes().count(), 2), out += ':';
  digits(clock.seconds().count(), 2), out += '.';
  digits(clock.subseconds().count(), 6), out += 'Z';
}

std::int32_t UtcOffset::at(std::uint32_t seconds) {
  const std::int64_t quarter = seconds / 900;
  if (quarter != quarter_) {
    quarter_ = quarter;
    const std::time_t time = seconds;
    std::tm local{};
    ::localtime_r(&time, &local);
    offset_ = static_cast<std::int32_t>(local.tm_gmtoff);
  }
  return offset_;
}

}  // namespace dlt::tools
