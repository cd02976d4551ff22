#include "harness/snapshot_read.hpp"

#include <catch2/catch.hpp>

#include "harness/error.hpp"

using namespace dlt::bench;

namespace {

constexpr std::uint64_t each = 64, ring = 64 * 1024;  // 1024 messages
constexpr std::uint64_t window = ring / each;

SnapshotContent holding(std::uint64_t first, std::uint64_t next) {
  SnapshotContent content;
  content.threads.push_back({first, next, next - first, (next - first) * each});
  content.messages = next - first;
  return content;
}

SnapshotVerdict judged(const SnapshotContent& content, std::uint64_t committed) {
  return judge_snapshot(content, {{committed, committed + 1}}, ring);
}

}  // namespace

TEST_CASE("a snapshot that has every call of the window, and perhaps the one that was running, is good") {
  const auto [first, next, committed] = GENERATE(table<std::uint64_t, std::uint64_t, std::uint64_t>(
      {{0, 0, 0}, {0, 1, 0}, {0, 500, 500}, {0, 501, 500}, {5000, 5000 + window, 5000 + window}}));

  const SnapshotVerdict v = judged(holding(first, next), committed);

  CHECK(v.faults.empty());
  CHECK(v.missed == 0);
  CHECK(v.committed == committed - first);
}

TEST_CASE("a witness that counts one more call than there is in the file finds it missing") {
  const SnapshotVerdict v = judged(holding(5000, 5000 + window), 5001 + window);

  CHECK(v.missed == 1);
  CHECK(v.committed == window + 1);
  REQUIRE(v.faults.size() == 1);
  CHECK(v.faults[0].find("1 committed messages are missing (1 at the end") != std::string::npos);
}

TEST_CASE("a gap, a window that is too small and an empty file are misses") {
  SnapshotContent gap = holding(100, 200);
  gap.threads[0].first = 0, gap.threads[0].messages = 199;
  gap.threads[0].bytes = 199 * each;

  CHECK(judged(gap, 200).missed == 1);
  CHECK(judged(holding(5000, 5000 + window / 2), 5000 + window / 2).missed == window / 2 - 9);
  CHECK(judged(holding(0, 0), 7).missed == 7);
}

TEST_CASE("segments that were overwritten while they were read may be missing at the front, no more") {
  SnapshotContent content = holding(5000, 5000 + window * 7 / 8);
  content.overwritten = 1;

  CHECK(judged(content, 5000 + window * 7 / 8).missed == 0);
  content.overwritten = 0;
  CHECK(judged(content, 5000 + window * 7 / 8).missed > 0);
}

TEST_CASE("a message that nobody has logged is a fault") { CHECK(judged(holding(0, 12), 10).faults.size() == 1); }

TEST_CASE("a snapshot that is not there is named") {
  CHECK_THROWS_WITH(read_snapshot("/nonexistent.dlt.zst", 1, 12), Catch::Contains("/nonexistent.dlt.zst"));
}
