// The suspension cases as a whole: they see that ours goes on, and that a logger with a mutex does not.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "harness/held_thread.hpp"
#include "support/child.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"

using namespace dlt::test;

namespace {

nlohmann::json rows_of(const std::string& name, const std::string& seconds) {
  TempDir dir;
  const Outcome outcome =
      run({DLT_BENCH_PROGRAM, name, "--duration", seconds, "--json", dir / "result.json"}, {}, std::chrono::minutes(4));
  INFO(outcome.out);
  REQUIRE(outcome.code == 0);
  const auto j = nlohmann::json::parse(read_file(dir / "result.json"));
  CHECK(j.at("good") == true);
  return j.at("rows");
}

}  // namespace

TEST_CASE("threads stopped in a log call hold up nobody, and the books close") {
  if (!dlt::bench::can_hold_threads()) {
    dlt::test::skip("threads are not held in this build");
    return;
  }

  const auto rows = rows_of("suspend-advantage", "0.3");

  REQUIRE(rows.size() == 6);  // 2, 4, 6 of 8; ours, the mutex
  double stood_still_by_mutex = 0;
  for (const auto& row : rows) {
    const bool ours = row.at("peer") == false;
    const double stood_still = row.at("extra").at("stood_still");
    CHECK(row.at("unaccounted") == 0);
    if (ours) CHECK(stood_still == 0);
    else stood_still_by_mutex += stood_still;
  }
  CHECK(stood_still_by_mutex > 0);
}

TEST_CASE("the message of a thread that is stopped right behind it arrives meanwhile") {
  if (!dlt::bench::can_hold_threads()) {
    dlt::test::skip("threads are not held in this build");
    return;
  }

  const auto rows = rows_of("suspend-immediate", "0.5");

  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at("faults").empty());
  CHECK(rows[0].at("extra").at("delivered_meanwhile_msgs_per_s") > 0);
}

TEST_CASE("a cascade of short stops is still watched: the others are seen to go on") {
  if (!dlt::bench::can_hold_threads()) {
    dlt::test::skip("threads are not held in this build");
    return;
  }

  const auto rows = rows_of("suspend-cascade", "0.4");

  CHECK(rows.at(0).at("extra").at("others_msgs_per_s") > 0);
}

TEST_CASE("a logger with one mutex makes the case fail") {
  if (!dlt::bench::can_hold_threads()) {
    dlt::test::skip("threads are not held in this build");
    return;
  }

  // Where a thread is stopped is chance: in one of ten runs none of those that are holds the mutex.
  Outcome outcome;
  for (int chance = 0; chance < 8 && outcome.code != 1; ++chance)
    outcome = run({DLT_BENCH_PROGRAM, "suspend-basic", "--duration", "0.5", "--logger", "mutex"}, {},
                  std::chrono::minutes(4));

  INFO(outcome.out);
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find("missed") != std::string::npos);
}
