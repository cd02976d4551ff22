#include "tools/dlt_file.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <csignal>

#include <sys/resource.h>
#include <sys/stat.h>

#include "dlt-daemon/support/stored.hpp"

using namespace dlt;
using namespace dlt::test;
using dlt::tools::DltFile;

namespace {

constexpr std::string_view storage("DLT\1\0\xf1\x53\x65\x05\0\0\0ECU1", 16);

std::error_code add(DltFile& file, std::uint32_t number, std::size_t extra = 20) {
  return file.add(proto::as_bytes(storage), proto::as_bytes(frame(number, extra)));
}

// What the gzip members hold that lie back to back.
std::string unzip(const std::string& packed) {
  std::string out;
  z_stream z{};
  REQUIRE(inflateInit2(&z, 15 + 16) == Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  std::string plain(1 << 20, '\0');
  while (z.avail_in > 0) {
    z.next_out = reinterpret_cast<Bytef*>(plain.data());
    z.avail_out = static_cast<uInt>(plain.size());
    REQUIRE(inflate(&z, Z_FINISH) == Z_STREAM_END);
    out.append(plain, 0, plain.size() - z.avail_out);
    inflateReset(&z);
  }
  inflateEnd(&z);
  return out;
}

std::string unpacked(const std::string& name, const std::string& bytes) {
  if (name.ends_with(".zst")) return unpack(bytes);
  return name.ends_with(".gz") ? unzip(bytes) : bytes;
}

}  // namespace

TEST_CASE("messages are stored plain, or compressed where the name says so") {
  const TempDir dir;
  for (const std::string name : {"x.dlt", "x.dlt.zst", "x", "x.dlt.gz", "x.gz"}) {
    auto file = DltFile::open({dir / name});
    REQUIRE(file);
    for (std::uint32_t i = 0; i < 20'000; ++i) REQUIRE_FALSE(add(*file, i));
    REQUIRE_FALSE(file->flush());
    const std::string bytes = read_file(dir / name);
    CHECK(stored_numbers(unpacked(name, bytes)) == up_to(20'000));
    CHECK(file->messages() == 20'000);
    CHECK(file->bytes() == bytes.size());
  }
}

TEST_CASE("a file of that name is replaced; what is no file is refused") {
  const TempDir dir;
  write_file(dir / "x.dlt", "old");
  REQUIRE(DltFile::open({dir / "x.dlt"}));
  CHECK(read_file(dir / "x.dlt").empty());
  CHECK(DltFile::open({dir.path().string()}).error() == std::errc::is_a_directory);
  ::mkfifo((dir / "fifo").c_str(), 0600);
  CHECK_FALSE(DltFile::open({dir / "fifo"}));
  std::filesystem::create_symlink(dir / "x.dlt", dir / "link");
  CHECK_FALSE(DltFile::open({dir / "link"}));
  CHECK(DltFile::open({dir / "none/x.dlt"}).error() == std::errc::no_such_file_or_directory);
}

TEST_CASE("files do not exceed the limit, nothing is overwritten, and together they have every message in order") {
  for (const char* ending : {".dlt", ".dlt.zst", ".dlt.gz", ".gz"}) {
    const TempDir dir;
    const std::string name = std::string("log") + ending;
    write_file(dir / name, "");
    write_file(dir / ("log.7" + std::string(ending)), "");
    auto file = DltFile::open({dir / name, 5000});
    REQUIRE(file);
    for (std::uint32_t i = 0; i < 3000; ++i) REQUIRE_FALSE(add(*file, i, i % 100));
    REQUIRE_FALSE(file->flush());

    const auto files = files_in(dir.path());
    CHECK(files.size() > 5);
    CHECK(files.at("log.7" + std::string(ending)).empty());
    CHECK(files.contains("log.8" + std::string(ending)));  // what bore the name before
    Numbers numbers;
    const auto take = [&](const std::string& bytes) {
      CHECK(bytes.size() <= 5000);
      const auto more = stored_numbers(unpacked(ending, bytes));
      numbers.insert(numbers.end(), more.begin(), more.end());
    };
    for (int i = 8; files.contains("log." + std::to_string(i) + ending); ++i)
      take(files.at("log." + std::to_string(i) + ending));
    take(files.at(name));
    CHECK(numbers == up_to(3000));
  }
}

TEST_CASE("a message larger than the limit has a file of its own") {
  const TempDir dir;
  auto file = DltFile::open({dir / "log.dlt", 100});
  REQUIRE(file);
  for (std::uint32_t i = 0; i < 3; ++i) REQUIRE_FALSE(add(*file, i, 500));
  REQUIRE_FALSE(file->flush());
  CHECK(files_in(dir.path()).size() == 3);
  CHECK(all_numbers(dir.path()).size() == 3);
}

TEST_CASE("a full disk is told, and what is in the file is whole") {
  const TempDir dir;
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  std::error_code error;
  std::uint32_t added = 0;
  {
    auto file = DltFile::open({dir / "x.dlt"});
    REQUIRE(file);
    const rlimit small{700'000, old.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    while (!error && added < 100'000) error = add(*file, added++);
    ::setrlimit(RLIMIT_FSIZE, &old);
    CHECK(error == std::errc::file_too_large);
    CHECK(file->lost() > 0);
    CHECK(file->messages() + file->lost() <= added);
    CHECK(stored_numbers(read_file(dir / "x.dlt")) == up_to(static_cast<std::uint32_t>(file->messages())));
  }
  std::signal(SIGXFSZ, before);
}

TEST_CASE("every message that was added is in the file or lost, also the one that found the disk full") {
  const TempDir dir;
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  for (const std::uint64_t limit : {std::uint64_t{0}, std::uint64_t{400'000}}) {
    std::error_code error;
    std::uint32_t added = 0;
    auto file = DltFile::open({dir / "x.dlt", limit});
    REQUIRE(file);
    const rlimit small{300'000, old.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    while (!error && added < 100'000) error = add(*file, added++);
    ::setrlimit(RLIMIT_FSIZE, &old);
    CHECK(error == std::errc::file_too_large);
    CHECK(file->messages() + file->lost() == added);
  }
  std::signal(SIGXFSZ, before);
}
