#include "session/fifo_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <catch2/catch.hpp>

#include "support/skip.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::daemon;
using dlt::test::TempDir;

namespace {

struct Opened {
  std::optional<FifoFiles> files;
  std::string problem;
  std::string warning;
};

Opened open_in(const TempDir& dir, const std::string& group = "", std::size_t size = 0) {
  Opened o;
  if (auto files = FifoFiles::open({dir.path().string(), group, size}, o.problem, o.warning))
    o.files.emplace(*std::move(files));
  return o;
}

struct stat info_of(const std::string& path) {
  struct stat info {};
  ::lstat(path.c_str(), &info);
  return info;
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

}  // namespace

TEST_CASE("the FIFO and the folder of the pipes have the incumbent's names and modes, whatever the umask") {
  TempDir dir;
  const mode_t mask = ::umask(077);
  const auto o = open_in(dir);
  ::umask(mask);

  REQUIRE(o.files);
  CHECK(S_ISFIFO(info_of(dir / "dlt").st_mode));
  CHECK((info_of(dir / "dlt").st_mode & 07777U) == 0620);
  CHECK(S_ISDIR(info_of(dir / "dltpipes").st_mode));
  CHECK((info_of(dir / "dltpipes").st_mode & 07777U) == 03777);
  CHECK(o.files->path() == dir / "dlt");
  CHECK(o.files->capacity() == 64 * 1024);
  CHECK_FALSE(exists(dir / "dlt.new"));
}

TEST_CASE("the FIFO takes as much as it was told to, and a warning says when it does not") {
  TempDir dir;
  CHECK(open_in(dir, "", 256 * 1024).files->capacity() == 256 * 1024);

  const auto o = open_in(dir, "", 1U << 31);
  CHECK(o.files->capacity() == 64 * 1024);
  CHECK_THAT(o.warning, Catch::Contains(dir / "dlt"));
}

TEST_CASE("a group may write to the FIFO, one that does not exist is named") {
  TempDir dir;
  CHECK(open_in(dir, "no-such-group").problem == "there is no group 'no-such-group'");
  CHECK_FALSE(exists(dir / "dlt.new"));
  CHECK_FALSE(exists(dir / "dlt"));
}

TEST_CASE("the FIFO is taken away at the end, but not another one of that name") {
  TempDir dir;
  { CHECK(open_in(dir).files); }
  CHECK_FALSE(exists(dir / "dlt"));

  auto o = open_in(dir);
  ::unlink((dir / "dlt").c_str());
  REQUIRE(::mkfifo((dir / "dlt").c_str(), 0600) == 0);
  o.files->remove();
  CHECK(exists(dir / "dlt"));
}

TEST_CASE("a FIFO that a killed daemon left is replaced") {
  TempDir dir;
  REQUIRE(::mkfifo((dir / "dlt").c_str(), 0600) == 0);
  REQUIRE(::mkfifo((dir / "dlt.new").c_str(), 0600) == 0);
  const auto stale = info_of(dir / "dlt").st_ino;

  const auto o = open_in(dir);

  REQUIRE(o.files);
  CHECK(info_of(dir / "dlt").st_ino != stale);
}

TEST_CASE("a FIFO that another daemon reads stays that daemon's") {
  TempDir dir;
  REQUIRE(::mkfifo((dir / "dlt").c_str(), 0600) == 0);
  const auto theirs = info_of(dir / "dlt").st_ino;
  const Fd reader(::open((dir / "dlt").c_str(), O_RDWR | O_NONBLOCK));

  const auto o = open_in(dir);

  CHECK_FALSE(o.files);
  CHECK(o.problem == "another daemon reads " + (dir / "dlt"));
  CHECK(info_of(dir / "dlt").st_ino == theirs);
}

TEST_CASE("what is no FIFO is named and stays") {
  for (const std::string name : {"dlt", "dlt.new"}) {
    TempDir dir;
    dlt::test::write_file(dir / "precious", "text");
    REQUIRE(::symlink((dir / "precious").c_str(), (dir / name).c_str()) == 0);
    CHECK(open_in(dir).problem == (dir / name) + " is a symbolic link and no FIFO: not replaced");
    CHECK(S_ISLNK(info_of(dir / name).st_mode));
    CHECK(dlt::test::read_file(dir / "precious") == "text");

    ::unlink((dir / name).c_str());
    dlt::test::write_file(dir / name, "text");
    CHECK(open_in(dir).problem == (dir / name) + " is a file and no FIFO: not replaced");
    CHECK(dlt::test::read_file(dir / name) == "text");

    ::unlink((dir / name).c_str());
    ::mkdir((dir / name).c_str(), 0700);
    CHECK(open_in(dir).problem == (dir / name) + " is a directory and no FIFO: not replaced");
  }
}

TEST_CASE("a FIFO of another user is named and stays") {
  if (::geteuid() != 0) return test::skip("only root can make another's");
  TempDir dir;
  REQUIRE(::mkfifo((dir / "dlt").c_str(), 0666) == 0);
  REQUIRE(::chown((dir / "dlt").c_str(), 12345, 12345) == 0);

  CHECK(open_in(dir).problem == (dir / "dlt") + " belongs to uid 12345: neither root nor this user");
}

TEST_CASE("a folder for the pipes that is a link is not used") {
  TempDir dir;
  TempDir elsewhere;
  REQUIRE(::symlink(elsewhere.path().c_str(), (dir / "dltpipes").c_str()) == 0);

  const auto o = open_in(dir);

  CHECK_FALSE(o.files);
  CHECK_THAT(o.problem, Catch::StartsWith(dir / "dltpipes"));
}

TEST_CASE("a folder for the pipes that a program made before is used, and opened to everybody") {
  TempDir dir;
  REQUIRE(::mkdir((dir / "dltpipes").c_str(), 0700) == 0);

  CHECK(open_in(dir).files);
  CHECK((info_of(dir / "dltpipes").st_mode & 07777U) == 03777);
}

TEST_CASE("a pipe is opened only if it is a FIFO that somebody reads") {
  TempDir dir;
  const auto o = open_in(dir);
  const std::string pipe = dir / "dltpipes/dlt77";
  CHECK(o.files->open_pipe(77).error() == std::errc::no_such_file_or_directory);

  REQUIRE(::mkfifo(pipe.c_str(), 0660) == 0);
  CHECK(o.files->open_pipe(77).error() == std::errc::no_such_device_or_address);
  const Fd reader(::open(pipe.c_str(), O_RDWR | O_NONBLOCK));
  CHECK(o.files->open_pipe(77));

  REQUIRE(::symlink(pipe.c_str(), (dir / "dltpipes/dlt78").c_str()) == 0);
  CHECK(o.files->open_pipe(78).error() == std::errc::too_many_symbolic_link_levels);
  dlt::test::write_file(dir / "dltpipes/dlt79", "text");
  CHECK(o.files->open_pipe(79).error() == std::errc::file_exists);
  CHECK(dlt::test::read_file(dir / "dltpipes/dlt79") == "text");
}
