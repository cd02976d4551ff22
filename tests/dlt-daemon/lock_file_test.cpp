#include "lock_file.hpp"

#include <catch2/catch.hpp>

#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

TEST_CASE("a lock can be taken once, and again when it is released") {
  TempDir dir;
  {
    const auto first = LockFile::take(dir / "lock");
    REQUIRE(first);
    CHECK(LockFile::take(dir / "lock").error() == std::errc::device_or_resource_busy);
  }
  CHECK(LockFile::take(dir / "lock"));
}

TEST_CASE("a lock in a directory that is not there is refused") {
  TempDir dir;
  CHECK(LockFile::take(dir / "no/lock").error() == std::errc::no_such_file_or_directory);
}
