#include "config_file.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_dir.hpp"

using namespace dlt::daemon;
using namespace dlt::test;

TEST_CASE("a file is read whole, and so is none at all") {
  TempDir dir;
  write_file(dir / "conf", "Port = 1\n");
  CHECK(read_config_file(dir / "conf").text == "Port = 1\n");
  CHECK(read_config_file(dir / "conf").problem.empty());
  CHECK(read_config_file("/dev/null").problem.empty());
}

TEST_CASE("what is not a file of somebody trusted is refused by name") {
  TempDir dir;
  const std::string conf = dir / "conf";
  CHECK(read_config_file(conf).problem == "cannot read " + conf + ": No such file or directory");
  CHECK(read_config_file(dir.path()).problem == "cannot read " + dir.path().string() + ": not a file");
  REQUIRE(::mkfifo(conf.c_str(), 0600) == 0);
  CHECK(read_config_file(conf).problem == "cannot read " + conf + ": not a file");
  CHECK(read_config_file("/dev/zero").problem == "cannot read /dev/zero: not a file");
  ::unlink(conf.c_str());
  write_file(conf, "Port = 1\n");
  ::chmod(conf.c_str(), 0666);
  CHECK(read_config_file(conf).problem == conf + " can be written by everybody (mode 0666): not used");
  ::chmod(conf.c_str(), 0664);
  CHECK(read_config_file(conf).problem.empty());
  write_file(conf, std::string(config_size_limit + 1, '\n'));
  CHECK(read_config_file(conf).problem.find("a configuration has at most") != std::string::npos);
}
