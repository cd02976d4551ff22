#include "paths.hpp"

#include <catch2/catch.hpp>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "support/temp_dir.hpp"

using namespace dlt::daemon;
using namespace dlt::test;

TEST_CASE("missing directories are made, as far as the rule says") {
  TempDir dir;
  std::string problem;
  CHECK(open_directory(dir / "a/b/c", storage_rule, problem));
  CHECK(std::filesystem::is_directory(dir / "a/b/c"));
  CHECK(open_directory(dir / "x", socket_rule, problem));
  CHECK_FALSE(open_directory(dir / "y/z", socket_rule, problem));
  CHECK(problem == (dir / "y") + ": No such file or directory");
  CHECK_FALSE(std::filesystem::exists(dir / "y"));
}

TEST_CASE("what is no directory is named") {
  TempDir dir;
  write_file(dir / "file", "x");
  std::string problem;
  CHECK_FALSE(open_directory(dir / "file/deep", storage_rule, problem));
  CHECK(problem == (dir / "file") + " is not a directory");
}

TEST_CASE("a directory open to everybody holds no logs, unless it is sticky") {
  TempDir dir;
  std::filesystem::create_directory(dir / "open");
  std::string problem;
  ::chmod((dir / "open").c_str(), 0777);
  CHECK_FALSE(open_directory(dir / "open", storage_rule, problem));
  CHECK(problem == (dir / "open") + " can be written by everybody (mode 0777)");
  CHECK(open_directory(dir / "open", socket_rule, problem));
  ::chmod((dir / "open").c_str(), 01777);
  CHECK(open_directory(dir / "open", storage_rule, problem));
}

TEST_CASE("an own link to a directory is followed, a link in place of a file is not") {
  TempDir dir;
  std::filesystem::create_directory(dir / "real");
  std::filesystem::create_directory_symlink(dir / "real", dir / "link");
  std::string problem;
  const Fd directory = open_directory(dir / "link", storage_rule, problem);
  REQUIRE(directory);
  write_file(dir / "precious", "mine");
  std::filesystem::create_symlink(dir / "precious", dir / "real/log");
  CHECK(create_beneath(directory.get(), "log", 0640) == -1);
  CHECK(errno == EEXIST);
  std::filesystem::create_symlink(dir / "absent", dir / "real/dangling");
  CHECK(create_beneath(directory.get(), "dangling", 0640) == -1);
  CHECK_FALSE(std::filesystem::exists(dir / "absent"));
  CHECK(create_beneath(directory.get(), "../out", 0640) == -1);
  CHECK(errno == EINVAL);
  CHECK(read_file(dir / "precious") == "mine");
  const Fd made(create_beneath(directory.get(), "new", 0640));
  CHECK(made);
}
