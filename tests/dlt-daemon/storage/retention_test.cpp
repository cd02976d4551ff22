#include "storage/retention.hpp"

#include <catch2/catch.hpp>

using namespace dlt::daemon;

namespace {
std::vector<std::uint64_t> numbers(const std::vector<StoredFile>& files) {
  std::vector<std::uint64_t> out;
  for (const auto& f : files) out.push_back(f.number);
  return out;
}
}  // namespace

TEST_CASE("names carry number and time and are read back") {
  CHECK(stored_name(42, 1'700'000'000, true) == "dlt_00000042_20231114-221320.dlt.zst");
  CHECK(stored_name(42, 1'700'000'000, false) == "dlt_00000042_20231114-221320.dlt");
  CHECK(stored_number("dlt_00000042_20231114-221320.dlt.zst") == 42);
  CHECK(stored_number(stored_name(123'456'789'012, 0, false)) == 123'456'789'012);
}

TEST_CASE("other people's files are left alone") {
  for (const char* name :
       {"", "dlt_", "dlt_1.dlt", "dlt_x_1.dlt", "log_00000001_x.dlt", "dlt_00000001_x.txt", "dlt__x.dlt",
        "dlt_99999999999999999999999_x.dlt", "dlt_3_copy.dlt", "dlt_2026_report.dlt.zst",
        "dlt_00000042_20231114-221320 (copy).dlt", "dlt_00000042_20231114-2213.dlt", "dlt_1_20231114-221320.dlt"})
    CHECK_FALSE(stored_number(name).has_value());
}

TEST_CASE("the oldest files go when there are too many") {
  Retention retention({.bytes = 1000, .files = 3});
  retention.found({{3, "c", 1}, {1, "a", 1}, {2, "b", 1}});
  CHECK(retention.next_number() == 4);
  CHECK(numbers(retention.make_room(1)) == std::vector<std::uint64_t>{1});
  retention.begun({4, "d", 0});
  CHECK(retention.files() == 3);
  CHECK(retention.make_room(1).size() == 1);
}

TEST_CASE("the oldest files go when there are too many bytes, the coming file among them") {
  Retention retention({.bytes = 1000, .files = 100});
  retention.found({{1, "a", 300}, {2, "b", 300}, {3, "c", 300}});
  CHECK(numbers(retention.make_room(100)).empty());
  CHECK(numbers(retention.make_room(450)) == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("an empty directory begins with number one") { CHECK(Retention({1, 1}).next_number() == 1); }
