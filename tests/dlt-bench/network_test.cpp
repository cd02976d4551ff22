// The cases whose nodes live in networks of their own, in small. They take root and what a Testbed takes; on a machine
// without it the program says so with exit code 77, and the tests say it too.
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "support/child.hpp"
#include "support/deadline.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"

using namespace dlt::test;
using Json = nlohmann::json;

namespace {

struct Result {
  Outcome outcome;
  Json json;
};

// Nothing where the machine cannot run it.
std::optional<Result> bench(std::vector<std::string> words) {
  TempDir dir;
  words.insert(words.begin(), DLT_BENCH_PROGRAM);
  words.insert(words.end(), {"--json", dir / "result.json"});
  Result r{run(words, {}, std::chrono::minutes(8)), {}};
  r.json = Json::parse(read_file(dir / "result.json"), nullptr, false);
  if (r.outcome.code != 77) return r;
  CHECK(r.outcome.out.find("cannot be run here") != std::string::npos);
  skip(r.outcome.out);
  return {};
}

void check_closed(const Result& r, std::size_t rows) {
  INFO(r.outcome.out);
  CHECK(r.outcome.code == 0);
  REQUIRE(r.json.at("rows").size() == rows);
  for (const auto& row : r.json.at("rows")) {
    CHECK(row.at("unaccounted") == 0);
    CHECK(row.at("faults").empty());
    CHECK(row.at("delivered") > 0);
    CHECK(row.at("delivered") == row.at("accepted"));
  }
}

}  // namespace

TEST_CASE("network-latency: a round trip's time, and nothing is lost") {
  // One row: with a rate there is no flat-out one.
  const auto r = bench({"network-latency", "--rate", "500", "--messages", "100", "--repeat", "1"});
  if (!r) return;

  check_closed(*r, 5);
  for (const auto& row : r->json.at("rows"))  // half a round trip at least
    CHECK(row.at("e2e_us").at("p50").get<double>() >= row.at("extra").at("rtt_ms").get<double>() * 500);
}

TEST_CASE("network-loss: packets are lost, messages are not") {
  const auto r = bench({"network-loss", "--messages", "20000", "--rate", "20000", "--repeat", "1"});
  if (!r) return;

  check_closed(*r, 4);
  CHECK(r->json.at("rows").at(0).at("extra").at("packets_dropped_by_rule") == 0);
  CHECK(r->json.at("rows").at(3).at("extra").at("packets_dropped_by_rule") > 0);
}

TEST_CASE("network-congestion: each node logs to each other through a narrow link") {
  const auto r = bench({"network-congestion", "--messages", "1000", "--repeat", "1"});
  if (!r) return;

  check_closed(*r, 2);
  CHECK(r->json.at("rows").at(0).at("delivered") == 12'000);
  CHECK(r->json.at("rows").at(0).at("extra").at("fairness") > 0);
}

TEST_CASE("node-scale: what all the nodes logged arrives") {
  const auto r = bench({"node-scale", "--threads", "2", "--messages", "200", "--repeat", "1"});
  if (!r) return;

  check_closed(*r, 5);
  CHECK(r->json.at("rows").at(4).at("delivered") == 16 * 2 * 200);
}

TEST_CASE("network-faults: nothing is lost, whatever happens on the way") {
  const auto r = bench({"network-faults", "--duration", "0.2", "--repeat", "1", "--rate", "500"});
  if (!r) return;

  check_closed(*r, 9);
  for (const auto& row : r->json.at("rows")) CHECK(row.at("extra").at("recover_s") >= 0);
}

TEST_CASE("cluster: each message is stored under its node's id, once, in both lives, also where links break") {
  const auto r = bench({"cluster", "--messages", "200", "--rate", "1000", "--repeat", "1"});
  if (!r) return;

  check_closed(*r, 5);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(r->json.at("rows").at(i).at("delivered") == (std::size_t{2} << i) * 2 * 200);
  const auto& broken = r->json.at("rows").at(4);
  CHECK(broken.at("delivered") == 4 * 2 * 200);
  CHECK(broken.at("extra").at("resumed") > 0);
}

TEST_CASE("a run that is told to end does so in good order, whatever it was doing") {
  Child bench({.command = {DLT_BENCH_PROGRAM, "network-loss", "--repeat", "50"}});

  bench.send(SIGTERM);

  const auto code = bench.wait();
  REQUIRE(code);
  CHECK((*code == 130 || *code == 128 + SIGTERM || *code == 77));  // the second: it had not come to its handler yet
}
