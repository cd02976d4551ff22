#include "tools/time_text.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>

using namespace dlt::tools;

namespace {

// The process's time zone, for one test.
struct Zone {
  explicit Zone(const char* name) { ::setenv("TZ", name, 1), ::tzset(); }
  ~Zone() { ::unsetenv("TZ"), ::tzset(); }
};

constexpr std::int64_t now = 1'700'000'000'000'000;  // 2023-11-14 22:13:20 UTC

}  // namespace

TEST_CASE("a time is absolute, local or with a zone, of today, or relative to now") {
  const Zone berlin("Europe/Berlin");  // UTC+1 in November
  constexpr std::int64_t s = 1'000'000;
  const std::pair<const char*, std::int64_t> rows[] = {
      {"2023-11-14T22:13:20Z", now},
      {"2023-11-14 23:13:20", now},
      {"2023/11/14 23:13:20.25", now + 250'000},
      {"2023-11-14T23:13:20+01:00", now},
      {"2023-11-14 20:43:20-0130", now},
      {"2023-11-14 23:13", now - 20 * s},
      {"2023-11-14", now - (23 * 3600 + 13 * 60 + 20) * s},
      {"2023-07-01 12:00Z", 1'688'212'800 * s},
      {"2023-07-01 14:00", 1'688'212'800 * s},
      {"23:13:20", now},
      {"9:04-05:00", now - (8 * 3600 + 9 * 60 + 20) * s},
      {"21:43:20-0130", now + 3600 * s},
      {"9:04:05+01:00", now - (14 * 3600 + 9 * 60 + 15) * s},
      {"0:00", now - (23 * 3600 + 13 * 60 + 20) * s},
      {"-10min", now - 600 * s},
      {"-5s", now - 5 * s},
      {"-1h", now - 3600 * s},
      {"-2d", now - 2 * 86400 * s},
      {"-3ms", now - 3000},
      {"-7us", now - 7},
      {"@1700000000", now},
      {"@1700000000.000001", now + 1},
  };
  for (const auto& [text, expected] : rows) {
    INFO(text);
    CHECK(parse_time(text, now).value_or(-1) == expected);
  }
}

TEST_CASE("a time of day with a zone is of the day that it is there") {
  const Zone berlin("Europe/Berlin");
  constexpr std::int64_t s = 1'000'000;
  constexpr std::int64_t late = now + 4600 * s;  // 2023-11-14 23:30 UTC: the 15th in Berlin
  CHECK(parse_time("23:00Z", late) == late - 1800 * s);
  CHECK(parse_time("18:30-05:00", late) == late);
  CHECK(parse_time("0:00", late) == late - 1800 * s);
  CHECK(parse_time("08:30+09:00", late) == late);
}

TEST_CASE("what is no time is refused") {
  for (const char* text : {"", "yesterday", "2023-13-01", "2023-02-30 10:00", "2023-11-14 24:00", "2023-11-14 10:60",
                           "2023-11-14 10:00 x", "2023-11-14T", "-10", "-min", "-10 min", "+10min", "@", "@x", "10",
                           "12:5", "-999999999d", "2023-11-14 10:00+1", "2023-11-14 10:00:00."}) {
    INFO(text);
    CHECK_FALSE(parse_time(text, now));
  }
}

TEST_CASE("the local time follows the zone through a change of the clocks") {
  const Zone berlin("Europe/Berlin");
  UtcOffset offset;
  CHECK(offset.at(1'700'000'000) == 3600);
  CHECK(offset.at(1'688'212'800) == 7200);
  constexpr std::uint32_t change = 1'698'541'200;  // 2023-10-29 01:00 UTC
  CHECK(offset.at(change - 1) == 7200);
  CHECK(offset.at(change) == 3600);
}

TEST_CASE("a time in JSON is ISO 8601 in UTC with microseconds") {
  std::string out;
  append_iso_time(out, now + 42);
  CHECK(out == "2023-11-14T22:13:20.000042Z");
}
