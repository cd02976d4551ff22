#include "logstorage/file_set.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <random>
#include <set>

#include <sys/stat.h>

#include "dlt-daemon/support/stored.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::daemon::logstorage;
using namespace dlt::test;

namespace {

constexpr std::size_t record_size = proto::storage_header_size + frame_headers + 4;

std::string record(std::uint32_t number) {
  return std::string("DLT\x01", 4) + std::string(8, '\0') + "ECU1" + frame(number);
}

Filter filter(std::uint64_t records_in_file, std::uint32_t files) {
  Filter f;
  f.file = "one";
  f.file_size = records_in_file * record_size;
  f.files = files;
  return f;
}

FileSet::Options options(const TempDir& dir) {
  FileSet::Options o;
  o.device = dir.path();
  o.naming.timestamp = false;
  return o;
}

FileSet::Appended append(FileSet& set, std::uint32_t from, std::uint32_t count) {
  Records all;
  std::string bytes;
  for (std::uint32_t i = from; i < from + count; ++i) {
    bytes += record(i);
    all.sizes.push_back(record_size);
  }
  return set.append(proto::as_bytes(bytes), all.sizes);
}

std::set<std::string> names(const std::filesystem::path& dir) {
  std::set<std::string> out;
  for (const auto& [name, bytes] : files_in(dir)) out.insert(name);
  return out;
}

// `count` of them with `extra` bytes that cannot be compressed.
struct Noise {
  std::string bytes;
  std::vector<std::uint32_t> sizes;

  Noise(std::uint32_t count, std::size_t extra) {
    std::mt19937 random(Catch::rngSeed());
    for (std::uint32_t i = 0; i < count; ++i) {
      std::string one = record(i);
      const auto length = static_cast<std::uint16_t>(frame_headers + 4 + extra);
      one[proto::storage_header_size + 2] = static_cast<char>(length >> 8);
      one[proto::storage_header_size + 3] = static_cast<char>(length);
      for (std::size_t k = 0; k < extra; ++k) one += static_cast<char>(random());
      sizes.push_back(static_cast<std::uint32_t>(one.size()));
      bytes += one;
    }
  }
};

int failing_writes = 0;  // the next so many of them
ssize_t moody_write(int fd, const void* bytes, std::size_t size, off_t offset) {
  if (failing_writes > 0) return --failing_writes, errno = EIO, -1;
  return ::pwrite(fd, bytes, size, offset);
}

}  // namespace

TEST_CASE("the next file begins when a message does not fit, the oldest goes") {
  TempDir dir;
  FileSet set(filter(3, 2), options(dir));
  CHECK(append(set, 0, 3).stored == 3);
  CHECK(names(dir.path()) == std::set<std::string>{"one_1.dlt"});
  CHECK(append(set, 3, 1).stored == 1);
  CHECK(names(dir.path()) == std::set<std::string>{"one_1.dlt", "one_2.dlt"});
  CHECK(append(set, 4, 7).stored == 7);
  CHECK(names(dir.path()) == std::set<std::string>{"one_3.dlt", "one_4.dlt"});
  CHECK(stored_numbers(read_file(dir / "one_3.dlt")) == Numbers{6, 7, 8});
  CHECK(stored_numbers(read_file(dir / "one_4.dlt")) == Numbers{9, 10});
}

TEST_CASE("a message that is larger than a file has one of its own") {
  TempDir dir;
  Filter f = filter(1, 5);
  f.file_size = 10;
  FileSet set(f, options(dir));
  CHECK(append(set, 0, 3).stored == 3);
  CHECK(names(dir.path()) == std::set<std::string>{"one_1.dlt", "one_2.dlt", "one_3.dlt"});
}

TEST_CASE("counting wraps, and goes on after a restart") {
  TempDir dir;
  auto o = options(dir);
  o.naming.max_counter = 4;
  CHECK(append(*std::make_unique<FileSet>(filter(1, 2), o), 0, 5).stored == 5);
  CHECK(names(dir.path()) == std::set<std::string>{"one_1.dlt", "one_4.dlt"});
  FileSet again(filter(1, 2), o);
  CHECK(append(again, 5, 1).stored == 1);
  CHECK(names(dir.path()) == std::set<std::string>{"one_1.dlt", "one_2.dlt"});
  FileSet all(filter(1, 4), o);  // as many as there are indexes
  CHECK(append(all, 6, 3).stored == 3);
  CHECK(names(dir.path()) == std::set<std::string>{"one_1.dlt", "one_2.dlt", "one_3.dlt", "one_4.dlt"});
  CHECK(stored_numbers(read_file(dir / "one_1.dlt")) == Numbers{8});
}

TEST_CASE("with as many files as indexes the newest ones stay after a restart") {
  TempDir dir;
  auto o = options(dir);
  o.naming.max_counter = 3;
  CHECK(append(*std::make_unique<FileSet>(filter(1, 3), o), 0, 5).stored == 5);  // the newest is one_2.dlt
  for (const auto& [name, age] : {std::pair{"one_3.dlt", 3}, {"one_1.dlt", 2}, {"one_2.dlt", 1}})
    std::filesystem::last_write_time(dir / name,
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(age));

  FileSet again(filter(1, 3), o);
  CHECK(append(again, 5, 1).stored == 1);

  CHECK(stored_numbers(read_file(dir / "one_3.dlt")) == Numbers{5});
  CHECK(stored_numbers(read_file(dir / "one_1.dlt")) == Numbers{3});
  CHECK(stored_numbers(read_file(dir / "one_2.dlt")) == Numbers{4});
}

TEST_CASE("after a restart the newest file is filled up, unless its end is torn") {
  TempDir dir;
  CHECK(append(*std::make_unique<FileSet>(filter(3, 5), options(dir)), 0, 1).stored == 1);
  CHECK(append(*std::make_unique<FileSet>(filter(3, 5), options(dir)), 1, 1).stored == 1);
  CHECK(stored_numbers(read_file(dir / "one_1.dlt")) == Numbers{0, 1});
  write_file(dir / "one_1.dlt", read_file(dir / "one_1.dlt") + "DLT\x01 torn");
  CHECK(append(*std::make_unique<FileSet>(filter(9, 5), options(dir)), 2, 1).stored == 1);
  CHECK(stored_numbers(read_file(dir / "one_2.dlt")) == Numbers{2});
}

TEST_CASE("a link in the place of the newest file is not followed") {
  TempDir dir;
  write_file(dir / "victim", "mine");
  std::filesystem::create_symlink(dir / "victim", dir / "one_1.dlt");
  FileSet set(filter(3, 5), options(dir));
  CHECK(append(set, 0, 1).failed);  // the name is taken
  CHECK(read_file(dir / "victim") == "mine");
}

TEST_CASE("full files are not overwritten where DISCARD_NEW says so") {
  TempDir dir;
  Filter f = filter(2, 2);
  f.discard_new = true;
  FileSet set(f, options(dir));
  const auto done = append(set, 0, 7);
  CHECK(done.stored == 4);
  CHECK(done.discarded == 3);
  CHECK_FALSE(done.failed);
  CHECK(all_numbers(dir.path()) == up_to(4));
}

TEST_CASE("compressed files hold whole members or frames and are never appended to again") {
  struct Row {
    Compression compression;
    std::string suffix;
    std::string reader;
  };
  const auto row =
      GENERATE(values<Row>({{Compression::gzip, ".gz", "zcat "}, {Compression::zstd, ".zst", "zstdcat "}}));
  TempDir dir;
  Filter f = filter(1000, 2);
  f.compression = row.compression;
  {
    FileSet set(f, options(dir));
    CHECK(append(set, 0, 10).stored == 10);
    CHECK(append(set, 10, 10).stored == 10);
  }
  FileSet again(f, options(dir));
  CHECK(append(again, 20, 1).stored == 1);
  CHECK(names(dir.path()) == std::set<std::string>{"one_1.dlt" + row.suffix, "one_2.dlt" + row.suffix});
  CHECK(run({"sh", "-c", row.reader + (dir / "one_1.dlt") + row.suffix + " > " + (dir / "plain")}).code == 0);
  CHECK(stored_numbers(read_file(dir / "plain")) == up_to(20));
}

TEST_CASE("a compressed file does not exceed its size, whatever there is to store at once") {
  const auto compression = GENERATE(Compression::gzip, Compression::zstd);
  TempDir dir;
  Filter f = filter(1, 1000);
  f.compression = compression;
  f.file_size = 4000;
  const Noise noise(300, 200);
  FileSet set(f, options(dir));

  CHECK(set.append(proto::as_bytes(noise.bytes), noise.sizes).stored == 300);

  const auto files = files_in(dir.path());
  CHECK(files.size() < 40);  // 300 of 246 bytes
  for (const auto& [name, bytes] : files) {
    INFO(name);
    CHECK(bytes.size() <= 4000);
    CHECK_FALSE(bytes.empty());
  }
  if (compression == Compression::zstd) CHECK(all_numbers(dir.path()).size() == 300);
}

TEST_CASE("a compressed device that is connected again and again while the disk is full loses no file for that") {
  const auto compression = GENERATE(Compression::gzip, Compression::zstd);
  TempDir dir;
  Filter f = filter(1000, 3);
  f.compression = compression;
  auto o = options(dir);
  o.calls.write = moody_write;
  CHECK(append(*std::make_unique<FileSet>(f, o), 0, 5).stored == 5);
  const auto first = names(dir.path());
  for (int i = 0; i < 4; ++i) {
    failing_writes = 1;
    CHECK(append(*std::make_unique<FileSet>(f, o), 5, 1).failed);
  }

  CHECK(names(dir.path()).contains(*first.begin()));
  CHECK(names(dir.path()).size() == 2);  // the one that was begun waits for what comes
  CHECK(append(*std::make_unique<FileSet>(f, o), 5, 1).stored == 1);
  CHECK(names(dir.path()).size() == 2);
}

TEST_CASE("files may be in a folder of the device") {
  TempDir dir;
  Filter f = filter(3, 5);
  f.file = "sub/one";
  FileSet set(f, options(dir));
  CHECK(append(set, 0, 1).stored == 1);
  CHECK(std::filesystem::exists(dir / "sub/one_1.dlt"));
}

TEST_CASE("a device that is not there is not made") {
  TempDir dir;
  auto o = options(dir);
  o.device = dir / "gone";
  FileSet set(filter(3, 5), o);
  CHECK(append(set, 0, 1).failed);
  CHECK(set.problem().find("gone") != std::string::npos);
  CHECK(names(dir.path()).empty());
}

TEST_CASE("a write that fails leaves nothing behind and can be tried again") {
  TempDir dir;
  auto o = options(dir);
  o.calls.write = moody_write;
  FileSet set(filter(3, 5), o);
  CHECK(append(set, 0, 2).stored == 2);
  failing_writes = 1;
  const auto done = append(set, 2, 2);
  CHECK(done.stored == 0);
  CHECK(done.failed);
  CHECK(set.problem().find("one_1.dlt") != std::string::npos);
  CHECK(append(set, 2, 2).stored == 2);
  CHECK(all_numbers(dir.path()) == up_to(4));
}

namespace {
int failing_syncs = 0;  // the next so many of a directory
int synced_directories = 0;
int moody_sync(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
    if (failing_syncs > 0) return --failing_syncs, errno = EIO, -1;
    ++synced_directories;
  }
  return ::fdatasync(fd);
}
}  // namespace

TEST_CASE("nothing counts as stored in a file whose name the disk has not confirmed") {
  TempDir dir;
  auto o = options(dir);
  o.calls.sync = moody_sync;
  failing_syncs = 1;
  synced_directories = 0;
  FileSet set(filter(3, 5), o);

  CHECK(append(set, 0, 1).failed);
  CHECK(append(set, 0, 1).stored == 1);

  CHECK(synced_directories == 1);
  CHECK(all_numbers(dir.path()) == up_to(1));
}
