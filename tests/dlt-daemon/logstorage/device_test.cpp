#include "logstorage/device.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <future>

#include <sys/stat.h>
#include <unistd.h>

#include "dlt-daemon/support/stored.hpp"
#include "support/deadline.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::daemon::logstorage;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

std::atomic<bool> broken{false};  // set by the test, read by the device's thread

ssize_t moody_write(int fd, const void* bytes, std::size_t size, off_t offset) {
  if (broken) return errno = ENOSPC, -1;
  return ::pwrite(fd, bytes, size, offset);
}

std::string section(int n, const std::string& file, const std::string& more, std::uint64_t file_size = 100'000) {
  return "[FILTER" + std::to_string(n) +
         "]\nLogAppName=APP1\nContextName=CTX1\nLogLevel=DLT_LOG_INFO\nNOFiles=3\nFile=" + file +
         "\nFileSize=" + std::to_string(file_size) + "\n" + more + "\n";
}

// A device in a folder of its own; what it says is waited for.
class Open {
 public:
  explicit Open(const std::string& conf, std::uint64_t budget = 1 << 20, bool optional_index = false)
      : budget_(budget) {
    spdlog::set_level(spdlog::level::off);
    broken = false;
    write_file(dir / "dlt_logstorage.conf", conf);
    Device::Options options;
    options.path = dir.path();
    options.naming.timestamp = false;
    options.naming.optional_index = optional_index;
    options.calls.write = moody_write;
    options.retry_first = options.retry_longest = 1ms;
    Device::Events events{[this](Device::Opened o) { said_.set_value(std::move(o)); }, [this] { failed = true; },
                          [this](bool good) { closed_.set_value(good); }};
    device.emplace(options, budget_, std::move(events));
    opened = said_.get_future().get();
  }
  void log(std::uint32_t from, std::uint32_t count, std::uint64_t filters = 1) {
    Device::Batch batch;
    for (std::uint32_t i = from; i < from + count; ++i) {
      std::array<std::byte, proto::storage_header_size> header{std::byte{'D'}, std::byte{'L'}, std::byte{'T'},
                                                               std::byte{1}};
      const std::string f = frame(i);
      REQUIRE(batch.add(header, proto::as_bytes(f), filters));
    }
    batch.routed = ++routed_;
    REQUIRE(device->push(std::move(batch)));
  }
  [[nodiscard]] bool settled() {
    return eventually([&] { return device->settled() == routed_; });
  }
  bool sync() {
    std::promise<bool> done;
    device->sync([&](bool good) { done.set_value(good); });
    return done.get_future().get();
  }
  bool close() {
    device->close();
    return closed_.get_future().get();
  }
  [[nodiscard]] Numbers numbers(const std::string& file) const {
    Numbers out;
    for (const auto& [name, bytes] : files_in(dir.path()))
      if (name.starts_with(file + "_"))
        for (const auto n : stored_numbers(bytes)) out.push_back(n);
    return out;
  }
  [[nodiscard]] FilterStatus filter(std::size_t i = 0) const { return device->status().filters.at(i); }

  TempDir dir;
  std::atomic<bool> failed{false};
  Device::Opened opened;

 private:
  std::promise<Device::Opened> said_;
  std::promise<bool> closed_;
  CacheBudget budget_;
  std::uint64_t routed_ = 0;

 public:
  std::optional<Device> device;  // ends first
};

}  // namespace

TEST_CASE("without a configuration a directory is no device") {
  CacheBudget budget(0);
  std::promise<Device::Opened> said;
  TempDir dir;
  Device::Options options;
  options.path = dir.path();
  Device device(options, budget, {[&](Device::Opened o) { said.set_value(std::move(o)); }, [] {}, [](bool) {}});
  CHECK(said.get_future().get().failure.find("dlt_logstorage.conf") != std::string::npos);
}

TEST_CASE("each behaviour writes when it says") {
  Open d(section(1, "msg", "") + section(2, "demand", "SyncBehavior=ON_DEMAND") +
         section(3, "exit", "SyncBehavior=ON_DAEMON_EXIT") + section(4, "size", "SyncBehavior=ON_FILE_SIZE", 200) +
         section(5, "specific", "SyncBehavior=ON_SPECIFIC_SIZE\nSpecificSize=100"));
  REQUIRE(d.opened.file.filters.size() == 5);

  d.log(0, 3, 0b11111);  // 46 bytes each
  REQUIRE(d.settled());
  CHECK(d.numbers("msg") == up_to(3));
  CHECK(d.numbers("demand").empty());
  CHECK(d.numbers("exit").empty());
  CHECK(d.numbers("size").empty());
  CHECK(d.numbers("specific") == up_to(2));
  d.log(3, 2, 0b01000);
  REQUIRE(d.settled());
  CHECK(d.numbers("size") == up_to(4));
  CHECK(d.sync());
  CHECK(d.numbers("demand") == up_to(3));
  CHECK(d.numbers("exit").empty());
  CHECK(d.close());
  CHECK(d.numbers("exit") == up_to(3));
  CHECK(d.numbers("size") == up_to(5));
  CHECK(d.numbers("specific") == up_to(3));
}

TEST_CASE("a cache that is only written on demand keeps the newest messages and counts the others") {
  Open d(section(1, "demand", "SyncBehavior=ON_DEMAND", 200));
  d.log(0, 10);
  REQUIRE(d.settled());
  CHECK(d.filter().overwritten == 6);
  CHECK(d.filter().cached == 4);
  CHECK(d.sync());
  CHECK(d.numbers("demand") == Numbers{6, 7, 8, 9});
}

TEST_CASE("a filter for whose cache there is no memory is left out and named, the others work") {
  Open d(section(1, "a", "SyncBehavior=ON_DEMAND", 1000) + section(2, "b", "SyncBehavior=ON_DEMAND", 1000) +
             section(3, "c", ""),
         1500);
  REQUIRE(d.opened.file.filters.size() == 2);
  CHECK(d.opened.file.filters[1].name == "FILTER3");
  REQUIRE(d.opened.file.problems.size() == 1);
  CHECK(d.opened.file.problems[0].find("[FILTER2] is left out: its cache of 1000 bytes") != std::string::npos);
}

TEST_CASE("a full disk is waited for a few times, then everything is stored") {
  Open d(section(1, "msg", ""));
  broken = true;
  d.log(0, 5);
  REQUIRE(eventually([&] { return d.device->status().errors > 0; }));
  broken = false;
  REQUIRE(d.settled());
  if (!d.failed) CHECK(d.numbers("msg") == up_to(5));  // on a slow machine the tries may be used up
  CHECK(d.filter().stored + d.filter().failed == 5);
}

TEST_CASE("after more than five errors in a row a device has failed, and what it gets is counted") {
  Open d(section(1, "msg", ""));
  d.log(0, 1);
  REQUIRE(d.settled());
  broken = true;
  d.log(1, 5);
  REQUIRE(d.settled());
  CHECK(d.failed);
  CHECK(d.device->status().state == DeviceStatus::State::failed);
  CHECK(d.device->status().errors == 6);
  broken = false;
  d.log(6, 2);
  REQUIRE(d.settled());
  CHECK_FALSE(d.close());
  CHECK(d.filter().stored == 1);
  CHECK(d.filter().failed == 7);
  CHECK(d.numbers("msg") == up_to(1));
}

TEST_CASE("two filters with the same file write into it one after the other") {
  Open d(section(1, "msg", "") + section(2, "msg", ""));
  d.log(0, 2, 0b01);
  d.log(2, 2, 0b10);
  REQUIRE(d.settled());
  CHECK(d.numbers("msg") == up_to(4));
}

TEST_CASE("a file of another filter is not taken for one of these, whatever its name") {
  constexpr bool optional_index = true;
  std::string one = section(2, "nav_2", "", 1000);
  one.replace(one.find("NOFiles=3"), 9, "NOFiles=1");
  Open d(section(1, "nav", "", 100) + one, 1 << 20, optional_index);
  d.log(100, 3, 0b10);  // nav_2.dlt
  REQUIRE(d.settled());
  d.log(0, 9, 0b01);  // two in a file
  REQUIRE(d.settled());

  CHECK(stored_numbers(read_file(d.dir / "nav_2.dlt")) == Numbers{100, 101, 102});
  CHECK(stored_numbers(read_file(d.dir / "nav_6.dlt")) == Numbers{8});
  CHECK(files_in(d.dir.path()).size() == 5);  // the configuration, nav_2, and nav_4 to nav_6
}

TEST_CASE("a device that cannot be written to is connected and named, and is written to once it can be") {
  const TempDir dir;
  write_file(dir / "dlt_logstorage.conf", section(1, "msg", ""));
  const bool root = ::geteuid() == 0;
  if (root) REQUIRE(::chown(dir.path().c_str(), 4711, 4711) == 0);
  else REQUIRE(::chmod(dir.path().c_str(), 0555) == 0);
  CacheBudget budget(0);
  std::promise<Device::Opened> said;
  Device::Options options;
  options.path = dir.path();
  options.naming.timestamp = false;
  Device device(options, budget, {[&](Device::Opened o) { said.set_value(std::move(o)); }, [] {}, [](bool) {}});

  const auto opened = said.get_future().get();

  CHECK(opened.failure.empty());
  CHECK(opened.file.filters.size() == 1);
  REQUIRE(opened.file.problems.size() == 1);
  CHECK_THAT(opened.file.problems[0], Catch::Contains("cannot be written to now: ") &&
                                          Catch::Contains(root ? "belongs to uid 4711" : "Permission denied"));
  CHECK(device.status().problem == opened.file.problems[0]);
  if (root) REQUIRE(::chown(dir.path().c_str(), 0, 0) == 0);
  else REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  Device::Batch batch;
  REQUIRE(batch.add({std::byte{'D'}, std::byte{'L'}, std::byte{'T'}, std::byte{1}}, proto::as_bytes(frame(0)), 1));
  batch.routed = 1;
  REQUIRE(device.push(std::move(batch)));
  REQUIRE(eventually([&] { return device.settled() == 1; }));
  CHECK(device.status().filters.at(0).stored == 1);
}
