// The power fails under the daemon's disk (F21): an ext4 file system that is shut down without writing anything more,
// mounted again. What OfflineTraceSync promises is there, and what is there is whole.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "faults/raw_app.hpp"
#include "faults/stored_numbers.hpp"
#include "support/daemon.hpp"
#include "support/skip.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

constexpr unsigned long ext4_shutdown = _IOR('X', 125, std::uint32_t);
constexpr std::uint32_t without_flushing_the_log = 2;

// A file system in a file, which a daemon mounts where only it sees it.
class Disk {
 public:
  explicit Disk(const TempDir& dir) : image_(dir / "image"), mount_(dir / "disk"), after_(dir / "after") {
    std::filesystem::create_directory(mount_);
    std::filesystem::create_directory(after_);
    usable_ = run({"sh", "-c", "truncate -s 48M \"$0\" && mkfs.ext4 -q -F \"$0\"", image_}).code == 0 &&
              run({"unshare", "-m", "mount", "-o", "loop", image_, mount_}).code == 0 && released();
  }
  [[nodiscard]] bool usable() const { return usable_; }
  [[nodiscard]] std::string folder() const { return mount_ + "/stored"; }
  [[nodiscard]] std::vector<std::string> mounted() const {
    return {"unshare", "-m", "sh", "-c", "mount -o loop \"$0\" \"$1\" && shift && exec \"$@\"", image_, mount_};
  }
  // The power fails; `pid` sees the disk.
  [[nodiscard]] bool cut(int pid) const {
    const int fd = ::open(("/proc/" + std::to_string(pid) + "/root" + mount_).c_str(), O_RDONLY | O_CLOEXEC);
    std::uint32_t how = without_flushing_the_log;
    const bool done = fd >= 0 && ::ioctl(fd, ext4_shutdown, &how) == 0;
    if (fd >= 0) ::close(fd);
    return done;
  }
  // What is on it now.
  [[nodiscard]] StoredNumbers stored() const {
    if (!released()) return {};
    const auto outcome = run(
        {"unshare", "-m", "sh", "-c", "mount -o loop \"$0\" \"$1\" && cp -r \"$1/.\" \"$2\"", image_, mount_, after_});
    INFO(outcome.out);
    CHECK(outcome.code == 0);
    return std::filesystem::exists(after_ + "/stored") ? stored_in(after_ + "/stored") : StoredNumbers{};
  }

 private:
  [[nodiscard]] bool released() const {
    return eventually([&] { return run({"losetup", "-j", image_}).out.empty(); });
  }
  std::string image_;
  std::string mount_;
  std::string after_;
  bool usable_ = false;
};

// One cut; false if this machine cannot do it. `lost`: grows by what was written and is not there.
bool cut_once(const std::string& mode, std::mt19937& random, std::uint64_t& lost) {
  TempDir dir;
  const Disk disk(dir);
  if (!disk.usable()) return false;
  Daemon daemon(DLT_DAEMON, {{"OfflineTraceDirectory", disk.folder()},
                             {"OfflineTraceCompression", random() % 2 == 0 ? "0" : "1"},
                             {"OfflineTraceFileSize", "64k"},
                             {"OfflineTraceFlushInterval", "5"},
                             {"OfflineTraceSync", mode}});
  daemon.wrap(disk.mounted());
  daemon.start();
  const int pid = status(daemon).pid;
  RawApp app(daemon.dir() / "app.sock");
  std::atomic<bool> enough{false};
  std::thread sender;
  std::uint64_t promised = 0;
  std::uint64_t in_files = 0;
  if (mode == "message") {
    sender = std::thread([&] {
      while (!enough && app.send(20)) std::this_thread::sleep_for(std::chrono::microseconds(500));
    });
    const std::uint64_t some = 100 + random() % 2000;
    CHECK(eventually([&] { return (promised = status(daemon).storage.written) >= some; }));
    in_files = promised;
  } else {
    CHECK(app.send(500 + static_cast<std::uint32_t>(random() % 500)));
    std::string last = frame(app.next());
    if (mode == "fatal") last[16] = 0x11;
    CHECK(app.send_bytes(batch(last)));
    CHECK(eventually([&] { return status(daemon).storage.written == app.next() + 1; }));
    in_files = app.next() + 1;
    if (mode != "none") promised = in_files;
    const auto synced = std::chrono::steady_clock::now() + std::chrono::seconds(mode == "second" ? 4 : 0);
    CHECK(eventually([&] { return std::chrono::steady_clock::now() >= synced; }));
  }
  CHECK(disk.cut(pid));
  enough = true;
  daemon.kill();
  if (sender.joinable()) sender.join();

  const StoredNumbers stored = disk.stored();
  INFO(mode << ": promised " << promised << ", stored " << stored.numbers.size() << ", seed " << Catch::rngSeed());
  CHECK(stored.numbers.size() >= promised);
  CHECK(stored.without_gap());
  if (promised > 0) CHECK(stored.numbers.front() == 0);
  lost += in_files - std::min<std::uint64_t>(in_files, stored.numbers.size());
  return true;
}

}  // namespace

TEST_CASE("a power cut costs what OfflineTraceSync says", "[F21][long]") {
  std::mt19937 random(Catch::rngSeed());
  std::map<std::string, std::uint64_t> lost;
  for (int round = 0; round < 25; ++round)
    for (const char* mode : {"none", "second", "fatal", "message"})
      if (!cut_once(mode, random, lost[mode])) {
        skip("this process may not mount a file as a disk");
        return;
      }
  CHECK(lost["none"] > 0);  // or the cuts cut nothing
}

}  // namespace dlt::test
