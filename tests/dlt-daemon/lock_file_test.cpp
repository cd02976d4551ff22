#include "lock_file.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

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

TEST_CASE("a lock is a file of one's own and nothing else") {
  TempDir dir;
  write_file(dir / "precious", "mine");
  std::filesystem::create_hard_link(dir / "precious", dir / "hard");
  std::filesystem::create_symlink(dir / "precious", dir / "soft");
  std::filesystem::create_directory(dir / "folder");
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  for (const char* name : {"hard", "soft", "folder", "fifo"}) {
    INFO(name);
    CHECK_FALSE(LockFile::take(dir / name));
  }
  CHECK(read_file(dir / "precious") == "mine");
}
