#include "logstorage/file_names.hpp"

#include <catch2/catch.hpp>

using namespace dlt::daemon::logstorage;

namespace {

constexpr auto plain = Compression::none;

std::tm when() {
  std::tm t{};
  t.tm_year = 126, t.tm_mon = 10, t.tm_mday = 26, t.tm_hour = 16, t.tm_min = 24, t.tm_sec = 28;
  return t;
}

std::vector<std::uint32_t> ordered(const FileNames& names, const std::vector<std::uint32_t>& indexes) {
  std::vector<FileNames::Entry> files;
  for (const auto i : indexes) files.push_back({i, {}});
  names.order(files);
  std::vector<std::uint32_t> out;
  for (const auto& f : files) out.push_back(f.index);
  return out;
}

}  // namespace

TEST_CASE("names are the incumbent's") {
  struct Row {
    Naming naming;
    std::uint32_t index;
    std::uint32_t files;
    Compression compression;
    std::string name;
  };
  // The first three as COVESA 2.18.8 made them.
  const std::vector<Row> table{{{}, 3, 3, plain, "one_3_20261126-162428.dlt"},
                               {{'_', false, 12}, 6, 3, plain, "one_06.dlt"},
                               {{'_', false, 12}, 10, 3, plain, "one_10.dlt"},
                               {{'-', true, 999}, 7, 3, plain, "one-007-20261126-162428.dlt"},
                               {{}, 3, 3, Compression::gzip, "one_3_20261126-162428.dlt.gz"},
                               {{}, 3, 3, Compression::zstd, "one_3_20261126-162428.dlt.zst"},
                               {{'_', true, 9, true}, 1, 1, plain, "one_20261126-162428.dlt"},
                               {{'_', false, 9, true}, 1, 1, plain, "one.dlt"},
                               {{'_', false, 9, true}, 1, 2, plain, "one_1.dlt"}};
  for (const auto& row : table) {
    INFO(row.name);
    const FileNames names(row.naming, "one", row.files, row.compression);
    CHECK(names.name(row.index, when()) == row.name);
    CHECK(names.index(row.name) == row.index);
  }
}

TEST_CASE("other files are not taken for these") {
  const FileNames names({}, "one", 3, plain);
  for (const auto* other : {"one", "one.dlt", "one_.dlt", "one_x.dlt", "one_0.dlt", "one_1.dlt.gz", "one_1_2026.dlt",
                            "one_1_.dlt", "two_1.dlt", "one_more_1.dlt", "one_1_20261126-162428.txt", "one_1x.dlt",
                            "one_4294967296.dlt", "dlt_logstorage.conf", ""}) {
    INFO(other);
    CHECK_FALSE(names.index(other));
  }
  CHECK(names.index("one_1.dlt") == 1);  // the time may have been switched on since
}

TEST_CASE("an index that would make the name of another filter's file is passed over") {
  const Naming naming{'_', true, 4, true};
  const FileNames other(naming, "nav_2", 1, plain);
  const FileNames names(naming, "nav", 3, plain, {other});

  CHECK(other.index("nav_2_20261126-162428.dlt"));
  CHECK_FALSE(names.index("nav_2_20261126-162428.dlt"));
  CHECK_FALSE(names.index("nav_2.dlt"));
  CHECK(names.index("nav_1_20261126-162428.dlt") == 1);
  CHECK(names.after(1) == 3);
  CHECK(names.after(4) == 1);
  const FileNames five({'_', true, 5, true}, "nav", 3, plain, {other});
  CHECK(ordered(five, {1, 3, 5}) == std::vector<std::uint32_t>{5, 1, 3});  // wrapped behind 3: 2 is no gap
  CHECK(FileNames(naming, "nav", 3, plain, {FileNames(naming, "nav_1", 1, plain)}).after(4) == 2);
  CHECK(FileNames(naming, "nav", 3, plain, {FileNames(naming, "nav_2", 3, plain)}).after(1) == 2);  // nav_2_1
}

TEST_CASE("after the highest index comes the first") {
  const FileNames names({'_', false, 12}, "one", 3, plain);
  CHECK(names.after(11) == 12);
  CHECK(names.after(12) == 1);
  CHECK(names.after(4711) == 1);
  CHECK(FileNames({}, "one", 3, plain).after(4'294'967'294) == 4'294'967'295);
}

TEST_CASE("files are ordered by age, also where counting has wrapped") {
  const FileNames names({'_', false, 12}, "one", 5, plain);
  CHECK(ordered(names, {3, 1, 2}) == std::vector<std::uint32_t>{1, 2, 3});
  CHECK(ordered(names, {1, 2, 11, 12}) == std::vector<std::uint32_t>{11, 12, 1, 2});
  CHECK(ordered(names, {12, 11, 10}) == std::vector<std::uint32_t>{10, 11, 12});
  CHECK(ordered(names, {1, 3, 4}) == std::vector<std::uint32_t>{1, 3, 4});        // one was deleted
  CHECK(ordered(names, {1, 2, 4711}) == std::vector<std::uint32_t>{4711, 1, 2});  // it counted further once
  CHECK(ordered(names, {1, 3, 11, 12}) == std::vector<std::uint32_t>{11, 12, 1, 3});
  CHECK(ordered(names, {12}) == std::vector<std::uint32_t>{12});
  CHECK(ordered(names, {}).empty());
}
