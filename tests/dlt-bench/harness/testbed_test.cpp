// Networks of the test's own, which takes root; where the machine does not have what it takes, the tests say so.
#include "harness/testbed.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/error.hpp"
#include "harness/worker.hpp"
#include "support/deadline.hpp"
#include "support/skip.hpp"

using namespace dlt::bench;

namespace {

std::optional<Testbed> testbed(const TestbedPlan& plan) {
  set_worker_program(DLT_BENCH_PROGRAM);
  try {
    return std::optional<Testbed>(std::in_place, plan);
  } catch (const CannotRunHere& e) {
    dlt::test::skip(e.what());
    return {};
  }
}

// No ping: the kernel answers a connection to a port where nobody listens with a reset, if it hears of it.
bool answers_once(Testbed& bed, unsigned from, unsigned to) {
  return bed.network(from)
             .output("bash -c 'timeout 2 bash -c \"exec 3<>/dev/tcp/" + node_address(to) +
                     "/9\" 2>&1 | grep -c refused'")
             .find_first_of("123456789") == 0;  // lines that say so
}

bool answers(Testbed& bed, unsigned from, unsigned to) {
  return dlt::test::eventually([&] { return answers_once(bed, from, to); });
}

}  // namespace

TEST_CASE("nodes reach each other, on one bridge and across a trunk, and nothing of theirs is seen outside") {
  const bool trunk = GENERATE(false, true);
  auto bed = testbed({3, {}, trunk ? std::optional<Shape>(Shape{0, 0, 0, 100}) : std::nullopt});
  if (!bed) return;

  CHECK(answers(*bed, 1, 0));
  CHECK(answers(*bed, 2, 0));
  CHECK(answers(*bed, 1, 2));
  std::ifstream devices("/proc/net/dev");
  const std::string ours{std::istreambuf_iterator<char>(devices), {}};
  CHECK(ours.find("trunk0") == std::string::npos);
}

TEST_CASE("a delayed wire carries, and what is silenced or cut is not heard until it is healed") {
  auto bed = testbed({2, {4, 1, 0, 50}, {}});
  if (!bed) return;

  REQUIRE(answers(*bed, 1, 0));
  CHECK(bed->delay_by() != "none");
  bed->silence(1, false, true);
  CHECK_FALSE(answers_once(*bed, 1, 0));
  CHECK(bed->dropped_by_rule() > 0);
  bed->silence(1, false, false);
  CHECK(answers(*bed, 1, 0));
  bed->pull_cable(1);
  CHECK_FALSE(answers_once(*bed, 1, 0));
  bed->plug_cable(1);
  CHECK(answers(*bed, 1, 0));
}

TEST_CASE("a network goes with the object that made it") {
  set_worker_program(DLT_BENCH_PROGRAM);
  std::string path;
  try {
    const NetNamespace network;
    path = network.path();
    CHECK(std::filesystem::exists(path));
  } catch (const CannotRunHere& e) {
    dlt::test::skip(e.what());
    return;
  }
  CHECK_FALSE(std::filesystem::exists(path));
}
