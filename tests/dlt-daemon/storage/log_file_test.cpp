#include "storage/log_file.hpp"

#include <catch2/catch.hpp>
#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

namespace {

Fd opened(const TempDir& dir) { return Fd(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)); }

std::size_t room = 0;  // bytes that short_write still takes

ssize_t short_write(int fd, const void* bytes, std::size_t size, off_t offset) {
  if (room == 0) return errno = ENOSPC, -1;
  const auto n = ::pwrite(fd, bytes, std::min(size, room), offset);
  if (n > 0) room -= static_cast<std::size_t>(n);
  return n;
}

}  // namespace

TEST_CASE("a file that exists is never opened") {
  TempDir dir;
  write_file(dir / "a", "precious");
  const auto calls = kernel_calls();
  const auto file = LogFile::create(opened(dir).get(), "a", calls);
  CHECK(file.error() == std::errc::file_exists);
  CHECK(read_file(dir / "a") == "precious");
}

TEST_CASE("a piece that does not fit is taken back, wherever the disk became full") {
  for (std::size_t free = 0; free <= 10; ++free) {
    TempDir dir;
    auto calls = kernel_calls();
    calls.write = short_write;
    auto file = LogFile::create(opened(dir).get(), "a", calls);
    REQUIRE(file);
    room = 5 + free;
    CHECK_FALSE(file->append(proto::as_bytes("first")));
    const auto error = file->append(proto::as_bytes("0123456789"));
    CHECK((error == std::errc::no_space_on_device) == (free < 10));
    CHECK(read_file(dir / "a") == (free < 10 ? "first" : "first0123456789"));

    room = 1000;
    CHECK_FALSE(file->append(proto::as_bytes("!")));
    CHECK(read_file(dir / "a") == (free < 10 ? "first!" : "first0123456789!"));
    CHECK(file->size() == read_file(dir / "a").size());
  }
}
