// The cases of the flight recorder in small; and recorders that are wrong on purpose, which they must notice.
#include <catch2/catch.hpp>

#include "dlt-bench/support/bench.hpp"

using namespace dlt::test;

namespace {

bool has_fault(const BenchResult& r, const std::string& what) { return r.json.dump().find(what) != std::string::npos; }

}  // namespace

TEST_CASE("max-snapshot: every message is in the file, and each stage is timed") {
  const BenchResult r = bench({"max-snapshot", "--messages", "2000", "--threads", "2", "--repeat", "2"});

  INFO(r.outcome.out);
  REQUIRE(r.outcome.code == 0);
  const Json& row = r.json.at("rows").at(0);
  check_books(row);
  CHECK(row.at("delivered") == 2000);
  for (const char* key : {"whole_ms", "read_ms", "compress_ms", "sync_ms", "file_each"})
    CHECK(row.at("extra").at(key) > 0);
}

TEST_CASE("max-snapshot fails on a recorder that loses or repeats messages") {
  const auto [logger, fault] =
      GENERATE(table<std::string, std::string>({{"drops", "are missing"}, {"repeats", "twice"}, {"tears", "torn"}}));

  const BenchResult r = bench({"max-snapshot", "--messages", "2000", "--repeat", "1", "--logger", logger});

  INFO(logger << "\n" << r.outcome.out);
  CHECK(r.outcome.code == 1);
  CHECK(has_fault(r, fault));
}

TEST_CASE("max-snapshot says that a recorder cannot keep so much") {
  const BenchResult r = bench({"max-snapshot", "--messages", "9000000", "--threads", "1"});

  CHECK(r.outcome.code == 1);
  CHECK(r.outcome.out.find("at most 64 MiB") != std::string::npos);
}

TEST_CASE("snapshot-concurrent: a file of each process, whole, while they log on, and the stream's books close") {
  const BenchResult r = bench({"snapshot-concurrent", "--threads", "3", "--repeat", "2", "--rate", "20000"});

  INFO(r.outcome.out);
  REQUIRE(r.outcome.code == 0);
  const Json& row = r.json.at("rows").at(0);
  check_books(row);
  CHECK(row.at("delivered") > 0);
  const Json& extra = row.at("extra");
  for (const char* key : {"complete_ms", "in_the_files"}) CHECK(extra.at(key) > 0);
  // A set is there after a few milliseconds, in which nobody may have called.
  for (const char* key : {"longest_call_us", "longest_call_us_without"}) CHECK(extra.at(key) >= 0);
}

TEST_CASE("snapshot-concurrent fails where a process drops what it says it has logged") {
  const BenchResult r =
      bench({"snapshot-concurrent", "--threads", "2", "--repeat", "1", "--rate", "20000", "--logger", "drops"});

  INFO(r.outcome.out);
  CHECK(r.outcome.code == 1);
  CHECK(has_fault(r, "in gaps"));
}

TEST_CASE("snapshot-crash: whatever a process dies of, all that it had committed is in the file, once") {
  const BenchResult r = bench({"snapshot-crash", "--messages", "2000", "--threads", "2", "--repeat", "2"});

  INFO(r.outcome.out);
  REQUIRE(r.outcome.code == 0);
  REQUIRE(r.json.at("rows").size() == 5);
  for (const auto& row : r.json.at("rows")) {
    check_books(row);
    CHECK(row.at("delivered") > 0);
    CHECK(row.at("extra").at("recovery_ms_max") > 0);
  }
}

TEST_CASE("snapshot-crash fails when a committed message is missing, twice or torn") {
  const auto [logger, fault] = GENERATE(table<std::string, std::string>(
      {{"drops", "committed messages are missing"}, {"repeats", "twice"}, {"tears", "torn"}}));

  const BenchResult r = bench({"snapshot-crash", "--messages", "100000", "--repeat", "2", "--logger", logger});

  INFO(logger << "\n" << r.outcome.out);
  CHECK(r.outcome.code == 1);
  CHECK(has_fault(r, fault));
}
