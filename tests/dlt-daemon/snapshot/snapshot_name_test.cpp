#include "snapshot/snapshot_name.hpp"

#include <catch2/catch.hpp>

using namespace dlt::daemon;

namespace {
constexpr std::int64_t when = 1'764'193'445'012'345;  // 2025-11-26 21:44:05.012345 UTC
}

TEST_CASE("a snapshot's name says of what, when and why, and counts up where it is taken") {
  CHECK(snapshot_name("ECU1", "NAVI", 4711, when, "crash: signal 11 SIGSEGV", 1) ==
        "ECU1-NAVI-4711-20251126T214405.012345Z-crash-signal-11-SIGSEGV.dlt.zst");
  CHECK(snapshot_name("ECU1", "NAVI", 4711, when, "x", 2) == "ECU1-NAVI-4711-20251126T214405.012345Z-x-2.dlt.zst");
}

TEST_CASE("whatever a reason or an id holds, it leads nowhere") {
  CHECK(name_part("../../etc/passwd", 64) == "etc-passwd");
  CHECK(name_part(std::string("a\0b\nc\x1b[2J", 9), 64) == "a-b-c-2J");
  CHECK(name_part("", 64) == "_");
  CHECK(name_part("...", 64) == "_");
  CHECK(name_part("straße 1", 64) == "stra-e-1");
  CHECK(name_part(std::string(300, 'a'), 64).size() == 64);
  CHECK(snapshot_name("../.", "a/b", 1, when, "/", 1) == "_-a-b-1-20251126T214405.012345Z-_.dlt.zst");
}

TEST_CASE("the time is found in a snapshot's name, and in no other") {
  CHECK(time_of_snapshot("ECU1-NAVI-4711-20251126T214405.012345Z-x.dlt.zst") == "20251126T214405.012345Z");
  for (const char* other : {"", ".dlt.zst", "a-b-c-d.dlt.zst", "dlt_00000042_20261121-235901.dlt.zst",
                            "ECU1-NAVI-4711-20251126T214405.012345Z-x.dlt",
                            "ECU1-NAVI-4711-20251126X214405.012345Z-x.dlt.zst", "ECU1-NAVI-4711-2025.dlt.zst"}) {
    INFO(other);
    CHECK(time_of_snapshot(other).empty());
  }
}
