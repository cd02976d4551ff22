#include "persistence.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/child.hpp"
#include "support/temp_dir.hpp"

using namespace dlt::daemon;
using namespace dlt::test;

TEST_CASE("levels are kept in the incumbent's two files, until they are forgotten") {
  TempDir dir;
  const Persistence p(dir / "made/on/demand");
  CHECK(p.load().empty());

  REQUIRE(p.store("APP:first:\n", "APP:C:1:0::\n"));
  REQUIRE(p.store("APP:second:\n", "APP:C:2:0::\n"));

  CHECK(p.load() == "APP:C:2:0::\n");
  CHECK(read_file(dir / "made/on/demand/dlt-runtime-application.cfg") == "APP:second:\n");
  CHECK(p.forget());
  CHECK(p.forget());
  CHECK(std::filesystem::is_empty(dir / "made/on/demand"));
}

TEST_CASE("without a directory nothing is kept") {
  const Persistence p("");
  CHECK_FALSE(p.enabled());
  CHECK(p.load().empty());
}

TEST_CASE("what stands in the way is an error, and nothing of others is touched") {
  spdlog::set_level(spdlog::level::off);
  TempDir dir;
  write_file(dir / "file", "x");
  CHECK_FALSE(Persistence(dir / "file").store("a", "b"));
  std::filesystem::create_directories(dir / "d/dlt-runtime-context.cfg/sub");
  CHECK_FALSE(Persistence(dir / "d").store("a", "b"));
  CHECK(Persistence(dir / "d").load().empty());
  CHECK_FALSE(Persistence(dir / "d").forget());

  write_file(dir / "other", "theirs");
  std::filesystem::create_directory(dir / "links");
  std::filesystem::create_symlink(dir / "other", dir / "links/dlt-runtime-context.cfg");
  std::filesystem::create_symlink(dir / "other", dir / "links/dlt-runtime-context.cfg.new");
  CHECK(Persistence(dir / "links").load().empty());
  CHECK(Persistence(dir / "links").store("a", "b"));
  CHECK(read_file(dir / "other") == "theirs");
  CHECK(read_file(dir / "links/dlt-runtime-context.cfg") == "b");

  REQUIRE(::mkfifo((dir / "d2").c_str(), 0600) == 0);
  CHECK_FALSE(Persistence(dir / "d2").store("a", "b"));
}
