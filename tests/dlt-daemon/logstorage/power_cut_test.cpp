// The power fails at any call by which logstorage touches the disk. What append() had confirmed is read back by the
// tools' reader, whatever the disk made of the rest; what comes after the restart is there as well.
#include <catch2/catch.hpp>

#include <cerrno>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include <sys/stat.h>
#include <unistd.h>

#include "dlt-daemon/support/stored.hpp"
#include "logstorage/file_set.hpp"
#include "logstorage/records.hpp"
#include "tools/record_reader.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::daemon::logstorage;
using namespace dlt::test;

namespace {

// What a disk knows for certain: names that a sync of their directory has confirmed, and as many bytes of each file as
// its own sync has.
struct Disk {
  int calls_left = -1;  // then the power is gone; -1: it stays
  std::set<std::string> names;
  std::map<std::string, off_t> sizes;
  std::mt19937 random{1};
};
Disk disk;

std::string path_of(int fd) { return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)); }

bool powered() {
  if (disk.calls_left < 0) return true;
  if (disk.calls_left > 0) return --disk.calls_left, true;
  return errno = EIO, false;
}

int create(int directory, const char* name) { return powered() ? kernel_calls().create(directory, name) : -1; }
ssize_t write_some(int fd, const void* bytes, std::size_t size, off_t offset) {
  if (powered()) return kernel_calls().write(fd, bytes, size, offset);
  // The last thing that happens: a part of it, perhaps.
  (void)kernel_calls().write(fd, bytes, disk.random() % (size + 1), offset);
  return errno = EIO, -1;
}
int truncate_to(int fd, off_t size) { return powered() ? kernel_calls().truncate(fd, size) : -1; }
int sync_it(int fd) {
  if (!powered()) return -1;
  struct stat info {};
  REQUIRE(::fstat(fd, &info) == 0);
  const auto path = path_of(fd);
  if (!S_ISDIR(info.st_mode)) return disk.sizes[path] = info.st_size, 0;
  for (const auto& e : std::filesystem::directory_iterator(path)) disk.names.insert(e.path());
  return 0;
}
int remove_it(int directory, const char* name) { return powered() ? kernel_calls().remove(directory, name) : -1; }

constexpr FileCalls calls{create, write_some, truncate_to, sync_it, remove_it};

// What is found after the power is back: of the bytes that were not confirmed any number, the last of them perhaps
// zeros, where a checksum tells those from a message.
void cut_power(const std::filesystem::path& dir, bool with_zeros) {
  disk.calls_left = -1;
  std::vector<std::filesystem::path> files;
  for (const auto& e : std::filesystem::directory_iterator(dir)) files.push_back(e.path());
  for (const auto& file : files) {
    if (!disk.names.contains(file)) {
      std::filesystem::remove(file);
      continue;
    }
    const auto size = static_cast<std::uint64_t>(std::filesystem::file_size(file));
    const auto certain = static_cast<std::uint64_t>(disk.sizes[file]);
    if (size <= certain) continue;
    std::filesystem::resize_file(file, certain + disk.random() % (size - certain + 1));
    if (with_zeros && disk.random() % 3 == 0) std::filesystem::resize_file(file, size);
  }
}

Numbers numbers_in(const std::filesystem::path& dir) {
  static const tools::Stop stop;
  const auto ignored = [](auto&&...) {};
  Numbers all;
  for (const auto& e : std::filesystem::directory_iterator(dir)) {
    auto file = tools::InputFile::open(e.path(), stop);
    REQUIRE(file);
    tools::RecordReader reader(tools::make_source(*std::move(file), ignored), ignored);
    while (const auto record = reader.next()) all.push_back(number_of(record->frame()));
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::size_t append(FileSet& set, std::uint32_t from, std::uint32_t count) {
  std::vector<std::uint32_t> sizes;
  std::string bytes;
  for (std::uint32_t i = from; i < from + count; ++i) {
    const std::string record = std::string("DLT\x01", 4) + std::string(8, '\0') + "ECU1" + frame(i);
    bytes += record;
    sizes.push_back(static_cast<std::uint32_t>(record.size()));
  }
  return set.append(proto::as_bytes(bytes), sizes).stored;
}

}  // namespace

TEST_CASE("what logstorage has confirmed survives a power cut at any call, and what comes afterwards is readable") {
  const auto compression = GENERATE(Compression::none, Compression::gzip, Compression::zstd);
  TempDir home;
  std::size_t confirmed_in_all = 0;
  for (int calls_left = 0; calls_left < 60; ++calls_left) {
    const auto dir = std::filesystem::path(home / ("cut" + std::to_string(calls_left)));
    std::filesystem::create_directory(dir);
    disk = Disk{calls_left, {}, {}, std::mt19937(static_cast<unsigned>(calls_left))};
    Filter filter;
    filter.file = "one";
    filter.file_size = 500;
    filter.files = 1000;
    filter.compression = compression;
    FileSet::Options options;
    options.device = dir;
    options.naming.timestamp = false;
    options.calls = calls;

    std::set<std::uint32_t> confirmed;
    std::uint32_t next = 0;
    {
      FileSet set(filter, options);
      for (int i = 0; i < 40; ++i) {
        const auto count = static_cast<std::uint32_t>(1 + disk.random() % 5);
        for (std::size_t stored = append(set, next, count); stored-- > 0;)
          confirmed.insert(next + static_cast<std::uint32_t>(stored));
        next += count;
      }
    }
    confirmed_in_all += confirmed.size();
    cut_power(dir, compression != Compression::none);
    FileSet again(filter, options);
    REQUIRE(append(again, next, 3) == 3);
    for (std::uint32_t i = 0; i < 3; ++i) confirmed.insert(next + i);

    const Numbers found = numbers_in(dir);
    INFO("power for " << calls_left << " calls");
    CHECK(std::includes(found.begin(), found.end(), confirmed.begin(), confirmed.end()));
    CHECK(std::adjacent_find(found.begin(), found.end()) == found.end());
  }
  CHECK(confirmed_in_all > 1000);
}
