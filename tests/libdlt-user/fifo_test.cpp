#include "fifo.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "batch.hpp"
#include "support/frames.hpp"
#include "support/isolated.hpp"
#include "support/skip.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::detail;
using dlt::test::TempDir;

namespace {

struct stat fifo_of(uid_t uid, gid_t gid, mode_t mode) {
  struct stat info {};
  info.st_uid = uid;
  info.st_gid = gid;
  info.st_mode = S_IFIFO | mode;
  return info;
}

Address at(const TempDir& dir) { return *Address::parse("fifo:" + dir.path().string()); }

// The daemon's end.
struct Reader {
  explicit Reader(const TempDir& dir) {
    ::mkfifo((dir / "dlt").c_str(), 0620);
    fd = ::open((dir / "dlt").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  }
  ~Reader() { gone(); }
  void gone() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  std::vector<std::byte> all() const {
    std::vector<std::byte> bytes(1 << 20);
    const ssize_t n = ::read(fd, bytes.data(), bytes.size());
    bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    return bytes;
  }
  int fd = -1;
};

std::vector<std::byte> messages(std::uint64_t first, std::size_t count, std::size_t size = test::frame_size) {
  return wire_image(Wire::single_frames, {}, test::frames(first, count, size));
}

Result<std::size_t> send(Fifo& fifo, std::vector<std::byte>& bytes) {
  const iovec one{bytes.data(), bytes.size()};
  return fifo.send(std::span(&one, 1));
}

}  // namespace

TEST_CASE("a FIFO that nobody has named is trusted by its owner or its group") {
  const Identity self{1000, {1000, 27}};
  CHECK(is_trusted_fifo(fifo_of(0, 0, 0620), self));
  CHECK(is_trusted_fifo(fifo_of(0, 0, 0666), self));
  CHECK(is_trusted_fifo(fifo_of(1000, 1000, 0600), self));
  CHECK(is_trusted_fifo(fifo_of(65534, 27, 0620), self));

  CHECK_FALSE(is_trusted_fifo(fifo_of(65534, 65534, 0620), self));
  CHECK_FALSE(is_trusted_fifo(fifo_of(1001, 27, 0622), self));
  CHECK_FALSE(is_trusted_fifo(fifo_of(1001, 27, 0602), self));
  CHECK_FALSE(is_trusted_fifo(fifo_of(1001, 1001, 0666), self));
}

TEST_CASE("what is no FIFO with a reader is not opened, and the reason is told") {
  const TempDir dir;
  Fifo fifo;
  std::error_code unanswered;
  CHECK(fifo.open(at(dir), 4711, unanswered) == std::errc::no_such_file_or_directory);
  test::write_file(dir / "dlt", "a file");
  CHECK(fifo.open(at(dir), 4711, unanswered) == std::errc::not_a_stream);
  std::filesystem::remove(dir / "dlt");
  ::mkfifo((dir / "dlt").c_str(), 0600);
  CHECK(fifo.open(at(dir), 4711, unanswered) == std::errc::no_such_device_or_address);
  CHECK(Fifo::look(at(dir)) == std::errc::no_such_device_or_address);
  std::filesystem::rename(dir / "dlt", dir / "real");
  std::filesystem::create_symlink(dir / "real", dir / "dlt");
  const int reader = ::open((dir / "real").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  CHECK(fifo.open(at(dir), 4711, unanswered) == std::errc::not_a_stream);
  ::close(reader);

  CHECK_FALSE(fifo.is_open());
  CHECK(test::read_file(dir / "dltpipes").empty());
}

TEST_CASE("a planted FIFO is not written to unless somebody has named it") {
  if (::geteuid() != 0) return test::skip("only root can make another's");
  const TempDir dir;
  const Reader reader(dir);
  REQUIRE(::chown((dir / "dlt").c_str(), 12345, 12345) == 0);
  Address by_default = at(dir);
  by_default.by_default = true;
  CHECK(Fifo::look(by_default) == std::errc::operation_not_permitted);
  CHECK_FALSE(Fifo::look(at(dir)));
  REQUIRE(::chown((dir / "dlt").c_str(), 12345, ::getegid()) == 0);
  REQUIRE(::chmod((dir / "dlt").c_str(), 0620) == 0);
  CHECK_FALSE(Fifo::look(by_default));
}

TEST_CASE("messages arrive whole; a full FIFO takes what fits and says so") {
  const TempDir dir;
  const Reader reader(dir);
  Fifo fifo;
  std::error_code unanswered;
  REQUIRE_FALSE(fifo.open(at(dir), 4711, unanswered));
  CHECK_FALSE(unanswered);
  auto some = messages(1, 3);
  CHECK(*send(fifo, some) == some.size());
  CHECK(reader.all() == some);

  auto many = messages(1, 5000);
  const auto n = send(fifo, many);
  REQUIRE(n);
  CHECK(*n < many.size());
  CHECK(*n % (proto::local::header_size + test::frame_size) == 0);
  std::vector<std::byte> rest(many.begin() + static_cast<std::ptrdiff_t>(*n), many.end());
  CHECK(send(fifo, rest).error() == std::errc::operation_would_block);
  CHECK(reader.all() == std::vector<std::byte>(many.begin(), many.begin() + static_cast<std::ptrdiff_t>(*n)));
  CHECK(send(fifo, rest));
}

TEST_CASE("what is too long for one write is passed over, what is beside it arrives") {
  const TempDir dir;
  const Reader reader(dir);
  Fifo fifo;
  std::error_code unanswered;
  REQUIRE_FALSE(fifo.open(at(dir), 4711, unanswered));
  const auto before = messages(1, 1);
  const auto after = messages(3, 2);
  auto all = before;
  for (const auto& more : {messages(2, 1, 9000), after}) all.insert(all.end(), more.begin(), more.end());

  CHECK(*send(fifo, all) == all.size());

  CHECK(fifo.passed_over() == 1);
  auto expected = before;
  expected.insert(expected.end(), after.begin(), after.end());
  CHECK(reader.all() == expected);
}

TEST_CASE("a reader that has gone is noticed by who writes and by who listens, without a signal") {
  CHECK(test::isolated([] {
          const TempDir dir;
          Reader reader(dir);
          Fifo fifo;
          std::error_code unanswered;
          test::expect(!fifo.open(at(dir), 4711, unanswered), "open");
          std::array<std::byte, 64> into{};
          test::expect(fifo.receive(into).error() == std::errc::operation_would_block, "nothing said");
          const int daemon = ::open((dir / "dltpipes/dlt4711").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
          test::expect(::write(daemon, "last", 4) == 4, "last words");
          ::close(daemon);
          reader.gone();

          auto some = messages(1, 3);
          test::expect(send(fifo, some).error() == Errc::closed, "write");  // SIGPIPE would end this process
          const auto last = fifo.receive(into);
          test::expect(last && *last == 4, "what it said is heard first");
          test::expect(fifo.receive(into).error() == Errc::closed, "listen");
          fifo.close();
          test::expect(!std::filesystem::exists(dir / "dltpipes/dlt4711"), "the pipe is removed");
        }) == "");
}
