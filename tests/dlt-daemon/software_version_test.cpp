#include "software_version.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "dlt-daemon/support/running_daemon.hpp"
#include "support/temp_dir.hpp"

using namespace dlt::daemon;
using namespace dlt::test;

TEST_CASE("a field of a version file is found by its name, without quotes") {
  CHECK(field_of("NAME=x\nVERSION_ID=\"12\"\n", "VERSION_ID") == "12");
  CHECK(field_of("A='one two'\r\nB=2\n", "A") == "one two");
  CHECK(field_of("A=1", "A") == "1");
  CHECK(field_of("AB=1\nA=2", "A") == "2");
  CHECK(field_of("B=A=1", "A").empty());
  CHECK(field_of("A=\"", "A") == "\"");
  CHECK(field_of("A", "A").empty());
  CHECK(field_of("", "A").empty());
}

TEST_CASE("the version text is the file's, or this daemon's own where that is none") {
  TempDir dir;
  spdlog::set_level(spdlog::level::off);
  const auto own = software_version("", "");
  CHECK(own.starts_with("dlt-daemon "));
  write_file(dir / "v", "SW=1.2.3\nother=x\n");
  CHECK(software_version(dir / "v", "") == "SW=1.2.3\nother=x\n");
  CHECK(software_version(dir / "v", "SW") == "1.2.3");
  CHECK(software_version(dir / "v", "HW") == own);
  CHECK(software_version(dir / "missing", "") == own);
  CHECK(software_version(dir / "", "") == own);
  write_file(dir / "long", std::string(4001, 'x'));
  CHECK(software_version(dir / "long", "") == own);
}
