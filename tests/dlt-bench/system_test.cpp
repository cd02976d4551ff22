// The system suite in small: each case runs, closes its books and has the figures that it is about; and what a stored
// log says must be missed when it is not what was done. No figure of time is judged here.
#include <catch2/catch.hpp>

#include "dlt-bench/support/bench.hpp"

using namespace dlt::test;

TEST_CASE("a simulation's stored log tells what the simulation counted, with and without logging side by side") {
  const auto [name, operations, messages] =
      GENERATE(table<std::string, std::string, std::uint64_t>({{"sim-database", "400", 3200},
                                                               {"sim-cache", "600", 3600},
                                                               {"sim-queue", "300", 2400},
                                                               {"stress-cpu", "200", 200}}));

  const BenchResult r = bench({name, "--messages", operations, "--repeat", "1"});

  INFO(name << "\n" << r.outcome.out);
  REQUIRE(r.json.at("rows").size() == 1);
  const Json& row = r.json.at("rows").at(0);
  check_books(row);
  CHECK(row.at("delivered") == messages);
  for (const char* key : {"operations_per_s", "operations_per_s_without", "slow_down"})
    CHECK(row.at("extra").at(key) > 0);
  CHECK(row.at("notes").dump().find("equal to its own counters") != std::string::npos);
}

TEST_CASE("sim-microservice: each request's trace is whole, and ends where the request was refused") {
  const BenchResult r = bench({"sim-microservice", "--messages", "500", "--repeat", "1"});

  INFO(r.outcome.out);
  const Json& row = r.json.at("rows").at(0);
  check_books(row);
  // Of 500 requests 25 end at the first service, 15 with 500 and 10 with 503 at the second to the sixth.
  CHECK(row.at("delivered") == 450 * 6 + 25 + 5 * (2 + 3 + 4 + 5 + 6));
  CHECK(row.at("notes").dump().find("500 traces joined") != std::string::npos);
  CHECK(row.at("extra").at("operation_p99_us") > 0);
}

TEST_CASE("a simulation whose log loses, changes or repeats messages fails, and says what does not agree") {
  const auto name = GENERATE("sim-database", "sim-microservice", "sim-queue", "sim-cache");
  const auto [logger, reason] = GENERATE(table<std::string, std::string>(
      {{"drops", "its stored log says"}, {"tears", "its stored log says"}, {"repeats", "arrived twice"}}));

  const BenchResult r = bench({name, "--messages", "3000", "--threads", "2", "--repeat", "1", "--logger", logger});

  INFO(name << " " << logger << "\n" << r.outcome.out);
  CHECK(r.outcome.code == 1);
  CHECK(r.outcome.out.find(reason) != std::string::npos);
}

TEST_CASE("stress-network: every message of every process is in the file, and one that is missing is missed") {
  const BenchResult good = bench({"stress-network", "--messages", "300", "--repeat", "1"});
  const BenchResult bad = bench({"stress-network", "--messages", "2000", "--repeat", "1", "--logger", "drops"});

  INFO(good.outcome.out << bad.outcome.out);
  REQUIRE(good.json.at("rows").size() == 2);
  check_books(good.json.at("rows").at(0));
  check_books(good.json.at("rows").at(1));
  CHECK(good.json.at("rows").at(0).at("delivered") == 16 * 300);
  CHECK(good.json.at("rows").at(1).at("delivered") == 32 * 300);
  CHECK(bad.outcome.code == 1);
  CHECK(bad.outcome.out.find("unaccounted") != std::string::npos);
}

TEST_CASE("stress-memory: full buffers of several applications reach a daemon whose memory is limited") {
  const BenchResult r = bench({"stress-memory", "--threads", "5", "--buffer", "2000"});

  INFO(r.outcome.out);
  const Json& row = r.json.at("rows").at(0);
  check_books(row);
  CHECK(row.at("delivered") == 5 * 2000);
}

TEST_CASE("stress-fragmentation: sessions that come and go lose nothing, and one that leaks descriptors is noticed") {
  const auto [logger, leaks] = GENERATE(table<std::string, bool>({{"dlt", false}, {"leaks", true}}));

  const BenchResult r = bench({"stress-fragmentation", "--messages", "400", "--logger", logger});

  INFO(logger << "\n" << r.outcome.out);
  check_books(r.json.at("rows").at(0));
  CHECK(r.json.at("rows").at(0).at("delivered") == 400 * 5);
  for (const auto& c : r.json.at("criteria"))
    if (c.at("what") == "stress-fragmentation, application: file descriptors gained") CHECK(c.at("met") == !leaks);
}

TEST_CASE("max-threads: each number of threads loses nothing, and the last good one is told") {
  const BenchResult r = bench({"max-threads", "--threads", "64", "--messages", "50", "--repeat", "1"});

  INFO(r.outcome.out);
  REQUIRE(r.json.at("rows").size() == 7);
  for (const auto& row : r.json.at("rows")) check_books(row);
  CHECK(r.json.at("rows").at(6).at("delivered") == 64 * 50);
  CHECK(r.json.at("criteria").at(0).at("measured").at("median") == 64);
}

TEST_CASE("max-threads stops at a step that loses something") {
  const BenchResult r =
      bench({"max-threads", "--threads", "4", "--messages", "3000", "--repeat", "1", "--logger", "drops"});

  INFO(r.outcome.out);
  CHECK(r.outcome.code == 1);
  CHECK(r.json.at("rows").size() == 1);
  CHECK(r.json.at("criteria").at(0).at("measured").at("median") == 0);
}

TEST_CASE("max-connections: applications and contexts are let in whole") {
  const BenchResult r = bench({"max-connections", "--threads", "20", "--messages", "300"});

  INFO(r.outcome.out);
  REQUIRE(r.outcome.code == 0);
  for (const auto& row : r.json.at("rows")) check_books(row);
  CHECK(r.json.at("criteria").at(0).at("measured").at("median") == 20);
  CHECK(r.json.at("criteria").at(1).at("measured").at("median") == 300);
}

TEST_CASE("max-throughput: held to a client and to a file, nothing lost") {
  const BenchResult r = bench({"max-throughput", "--threads", "2", "--duration", "0.2"});

  INFO(r.outcome.out);
  REQUIRE(r.json.at("rows").size() == 2);
  for (const auto& row : r.json.at("rows")) check_books(row);
  CHECK(r.json.at("criteria").size() == 2);
}

TEST_CASE("max-buffer-ops: every shape transfers everything in order") {
  const BenchResult r = bench({"max-buffer-ops", "--duration", "0.05", "--repeat", "1", "--buffer", "256"});

  INFO(r.outcome.out);
  REQUIRE(r.outcome.code == 0);
  REQUIRE(r.json.at("rows").size() == 6);
  for (const auto& row : r.json.at("rows")) {
    check_books(row);
    CHECK(row.at("delivered") > 256);
    CHECK(row.at("call_ns").at("count") > 0);
  }
}

namespace {
constexpr double taken_by_the_kernel = 4 << 20;  // as much as the library asks for its socket
}

TEST_CASE("max-memory: what a message weighs that waits is told for each shape") {
  const BenchResult r = bench({"max-memory", "--messages", "10000"});

  INFO(r.outcome.out);
  REQUIRE(r.json.at("rows").size() == 9);
  for (const auto& row : r.json.at("rows")) {
    check_books(row);
    CHECK(row.at("delivered") == 10'001);
    const auto& extra = row.at("extra");
    CHECK(extra.at("wire_each") > 26 + 32);
    // The kernel has taken some of them, which is not the application's memory.
    const double resident = extra.at("resident_each").get<double>() * 10'000;
    CHECK(resident + taken_by_the_kernel > extra.at("wire_each").get<double>() * 10'000 * 0.95);
    CHECK(extra.at("stored_each") > 0);
  }
}

TEST_CASE("serialize: every format gives back what it was given") {
  const BenchResult r = bench({"serialize", "--messages", "500", "--repeat", "1"});

  INFO(r.outcome.out);
  REQUIRE(r.outcome.code == 0);
  REQUIRE(r.json.at("rows").size() == 3);
  for (const auto& row : r.json.at("rows")) {
    CHECK(row.at("faults").empty());
    for (const char* key : {"encode_ns", "decode_ns", "zstd_ns", "unzstd_ns", "bytes", "zstd_bytes"})
      CHECK(row.at("extra").at(key) > 0);
  }
}

TEST_CASE("micro: each call is measured, allocates nothing, and all of them reach the daemon") {
  const BenchResult r = bench({"micro", "--duration", "0.01", "--repeat", "1"});

  INFO(r.outcome.out);
  REQUIRE(r.json.at("rows").size() == 11);
  check_books(r.json.at("rows").at(10));
  for (std::size_t i = 0; i < 10; ++i) {
    const auto& extra = r.json.at("rows").at(i).at("extra");
    CHECK(extra.at("call_ns") > 0);
    CHECK(extra.at("allocations") == 0);
    CHECK((extra.at("wire_bytes") > 0) == (i < 9));  // the last one's level is off
  }
}
