#include "answer_pipe.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::detail;
using dlt::test::TempDir;

namespace {

namespace fs = std::filesystem;

// A process that has ended: its number means nobody now.
pid_t dead() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

std::string name_of(const TempDir& dir, pid_t pid) { return dir / ("dltpipes/dlt" + std::to_string(pid)); }

struct stat status_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  return info;
}

}  // namespace

TEST_CASE("the pipe is there for the daemon while it is open, whatever the umask") {
  const TempDir dir;
  const std::string name = name_of(dir, 4711);
  const mode_t before = ::umask(0077);
  AnswerPipe pipe;
  const auto error = pipe.open(dir.path(), 4711);
  ::umask(before);
  REQUIRE_FALSE(error);

  CHECK(status_of(name).st_mode == (S_IFIFO | 0660));
  CHECK((status_of(dir / "dltpipes").st_mode & 07777) == 03777);
  std::array<std::byte, 16> into{};
  CHECK(pipe.receive(into).error() == std::errc::operation_would_block);
  const int daemon = ::open(name.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(daemon >= 0);
  CHECK(::write(daemon, "abc", 3) == 3);
  ::close(daemon);
  const auto n = pipe.receive(into);
  REQUIRE(n);
  CHECK(*n == 3);
  CHECK(pipe.receive(into).error() == std::errc::operation_would_block);  // no end, though the writer is gone

  pipe.close();
  CHECK_FALSE(fs::exists(name));
}

TEST_CASE("what a process that had our number has left is replaced, be it a file or a link") {
  const TempDir dir;
  const std::string name = name_of(dir, 4711);
  fs::create_directory(dir / "dltpipes");
  test::write_file(dir / "elsewhere", "untouched");
  const bool link = GENERATE(false, true);
  if (link) fs::create_symlink(dir / "elsewhere", name);
  else REQUIRE(::mkfifo(name.c_str(), 0600) == 0);

  AnswerPipe pipe;
  REQUIRE_FALSE(pipe.open(dir.path(), 4711));

  CHECK(S_ISFIFO(status_of(name).st_mode));
  CHECK(test::read_file(dir / "elsewhere") == "untouched");
}

TEST_CASE("a name that is another's by now is not removed") {
  const TempDir dir;
  const std::string name = name_of(dir, 4711);
  AnswerPipe pipe;
  REQUIRE_FALSE(pipe.open(dir.path(), 4711));
  fs::remove(name);
  REQUIRE(::mkfifo(name.c_str(), 0600) == 0);

  pipe.close();

  CHECK(fs::exists(name));
}

TEST_CASE("pipes of processes that have died are removed, those that are read or something else are not") {
  const TempDir dir;
  fs::create_directory(dir / "dltpipes");
  const pid_t gone = dead();
  const std::string left_over = name_of(dir, gone);
  const std::string of_the_living = name_of(dir, ::getppid());
  const std::string file = name_of(dir, gone + 1'000'000);
  const std::string read_elsewhere = name_of(dir, gone + 2'000'000);
  const std::string foreign = dir / "dltpipes/dltx";
  for (const auto& name : {left_over, of_the_living, read_elsewhere, foreign})
    REQUIRE(::mkfifo(name.c_str(), 0600) == 0);
  test::write_file(file, "");
  const int reader = ::open(read_elsewhere.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);

  AnswerPipe pipe;
  REQUIRE_FALSE(pipe.open(dir.path(), 4711));

  CHECK_FALSE(fs::exists(left_over));
  for (const auto& name : {of_the_living, read_elsewhere, foreign, file}) CHECK(fs::exists(name));
  ::close(reader);
}

TEST_CASE("where no pipe can be made the reason is told and nothing is left") {
  const TempDir dir;
  test::write_file(dir / "dltpipes", "a file");
  AnswerPipe pipe;
  CHECK(pipe.open(dir.path(), 4711) == std::errc::not_a_directory);
  CHECK(pipe.fd() == -1);
  std::array<std::byte, 16> into{};
  CHECK(pipe.receive(into).error() == std::errc::operation_would_block);

  fs::remove(dir / "dltpipes");
  fs::create_directories(dir / "other");
  fs::create_directory_symlink(dir / "other", dir / "dltpipes");
  CHECK(pipe.open(dir.path(), 4711));
  CHECK(fs::is_empty(dir / "other"));
}

TEST_CASE("a child that lets go of its parent's pipe leaves the name") {
  const TempDir dir;
  AnswerPipe pipe;
  REQUIRE_FALSE(pipe.open(dir.path(), 4711));
  const pid_t child = ::fork();
  if (child == 0) {
    pipe.abandon_in_child();
    const bool closed = pipe.fd() == -1;
    pipe.close();
    ::_exit(closed ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(fs::exists(name_of(dir, 4711)));
}
