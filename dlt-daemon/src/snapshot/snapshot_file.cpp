#include "snapshot/snapshot_file.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>
#include <utility>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clocks.hpp"
#include "dlt/proto/header.hpp"
#include "dlt/proto/recording.hpp"
#include "paths.hpp"
#include "session/fd.hpp"
#include "snapshot/snapshot_name.hpp"

namespace dlt::daemon {

namespace {

constexpr std::string_view temporary_prefix = ".snapshot-";
constexpr std::size_t piece_size = 256 * 1024;  // before compression, as stored files have it
constexpr unsigned most_turns = 1000;

std::string why(int error) { return std::generic_category().message(error); }

SnapshotMoment moment() noexcept { return {unix_us(), uptime(std::chrono::steady_clock::now())}; }

void add_record(std::vector<std::byte>& piece, EcuId ecu, std::int64_t unix_us, proto::Bytes frame) {
  const std::size_t at = piece.size();
  piece.resize(at + proto::storage_header_size + frame.size());
  proto::ByteWriter out(std::span<std::byte>(piece).subspan(at));
  proto::StorageHeader{static_cast<std::uint32_t>(unix_us / 1'000'000), static_cast<std::int32_t>(unix_us % 1'000'000),
                       ecu}
      .encode(out);
  out.bytes(frame);
}

// What passed since the last look.
class Laps {
 public:
  std::uint64_t lap() noexcept {
    const auto now = std::chrono::steady_clock::now();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - std::exchange(last_, now)).count());
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// Not over another file. Where a file system does not know that kind of renaming, the name is made first.
int rename_to(int directory, const char* from, const char* to) noexcept {
  if (::renameat2(directory, from, directory, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (::linkat(directory, from, directory, to, 0) != 0) return errno;
  ::unlinkat(directory, from, 0);
  return 0;
}

}  // namespace

// The temporary file: removed unless it was kept.
class SnapshotFiles::Output {
 public:
  Output(const Fd& directory, std::string name, const FileCalls& calls)
      : directory_(directory),
        name_(std::move(name)),
        calls_(calls),
        fd_(calls.create(directory.get(), name_.c_str())) {
    if (!fd_) error_ = errno;
  }
  ~Output() {
    if (fd_ && !kept_) calls_.remove(directory_.get(), name_.c_str());
  }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool append(proto::Bytes bytes) noexcept {
    for (std::size_t done = 0; done < bytes.size() && error_ == 0;) {
      const ssize_t n =
          calls_.write(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_ + done));
      if (n > 0) done += static_cast<std::size_t>(n);
      else if (n == 0) error_ = EIO;
      else if (errno != EINTR) error_ = errno;
    }
    size_ += bytes.size();
    return error_ == 0;
  }
  bool sync() noexcept {
    if (error_ == 0 && calls_.sync(fd_.get()) != 0) error_ = errno;
    return error_ == 0;
  }
  void keep() noexcept { kept_ = true; }
  [[nodiscard]] int error() const noexcept { return error_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  const Fd& directory_;
  const std::string name_;
  const FileCalls& calls_;
  Fd fd_;
  std::uint64_t size_ = 0;
  int error_ = 0;
  bool kept_ = false;
};

SnapshotResult SnapshotFiles::write(const SnapshotJob& job) noexcept {
  try {
    return try_write(job);
  } catch (const std::bad_alloc&) {
    return {SnapshotResult::Status::failed, "no memory", 0};  // short enough to need none itself
  } catch (const std::exception&) {
    return {SnapshotResult::Status::failed, "cannot be", 0};
  }
}

SnapshotResult SnapshotFiles::try_write(const SnapshotJob& job) {
  const auto failed = [](std::string text) {
    return SnapshotResult{SnapshotResult::Status::failed, std::move(text), 0};
  };
  Laps laps;
  SnapshotStages took;
  std::string problem;
  const Fd directory = open_directory(options_.directory, storage_rule, problem);
  if (!directory) return failed(problem);
  if (!std::exchange(cleaned_, true)) clean(directory);
  const auto memory = job.of.memory;
  const SnapshotMoment now = moment();
  const auto recording =
      proto::Recording::read([&](std::uint64_t at, std::span<std::byte> into) { return memory->read(at, into); },
                             memory->layout().size, now.uptime);
  if (!recording) return failed("the recorder of " + std::string(job.of.app.text()) + " makes no sense");
  took.read = laps.lap();
  Output out(directory, fmt::format("{}{}-{}", temporary_prefix, ::getpid(), ++turn_), options_.calls);
  if (problem = fill(out, job, *recording, now); !problem.empty()) return failed(options_.directory + ": " + problem);
  took.compress = laps.lap();
  if (!out.sync()) return failed(options_.directory + ": " + why(out.error()));
  std::string path;
  if (problem = publish(directory, out.name(), job, path); !problem.empty()) return failed(path + ": " + problem);
  out.keep();
  if (options_.calls.sync(directory.get()) != 0)
    return failed(path + ": it may not outlive a power cut: " + why(errno));
  took.sync = laps.lap();
  make_room(directory, std::string_view(path).substr(options_.directory.size() + 1));
  return {SnapshotResult::Status::written, std::move(path), out.size(), took};
}

// What went wrong; empty: all of it is written.
std::string SnapshotFiles::fill(Output& out, const SnapshotJob& job, const proto::Recording& recording,
                                const SnapshotMoment& now) {
  if (out.error() != 0) return why(out.error());
  std::vector<std::byte> piece;
  piece.reserve(piece_size);
  const auto flush = [&] {
    const auto packed = compressor_.compress(piece);
    piece.clear();
    return packed && out.append(*packed);
  };
  add_record(piece, options_.place.ecu, now.unix_us, snapshot_note(options_.place, job, recording, now));
  for (const auto& e : recording.entries()) {
    if (piece.size() + proto::storage_header_size + e.size > piece_size && !flush()) break;
    add_record(piece, options_.place.ecu, now.unix_us - e.age * 100, recording.frame(e));
  }
  if (out.error() == 0 && flush()) return {};
  return out.error() != 0 ? why(out.error()) : "cannot be compressed";
}

std::string SnapshotFiles::publish(const Fd& directory, const std::string& temporary, const SnapshotJob& job,
                                   std::string& path) const {
  for (unsigned turn = 1; turn <= most_turns; ++turn) {
    const auto name = snapshot_name(options_.place.ecu, job.of.app, job.of.pid, job.asked_us, job.reason, turn);
    path = options_.directory + "/" + name;
    const int error = rename_to(directory.get(), temporary.c_str(), name.c_str());
    if (error == 0) return {};
    if (error != EEXIST) return why(error);
  }
  return "too many of that name are there";
}

void SnapshotFiles::make_room(const Fd& directory, std::string_view newest) const noexcept {
  try {
    try_make_room(directory, newest);
  } catch (const std::exception&) {  // no memory: the next one makes room for both
  }
}

// The oldest by their names; never the one that has just been written.
void SnapshotFiles::try_make_room(const Fd& directory, std::string_view newest) const {
  std::vector<StoredFile> files;
  std::uint64_t total = 0;
  for (std::string& name : names_in(options_.directory)) {
    StoredFile file{0, std::move(name), 0};
    struct stat info {};
    if (time_of_snapshot(file.name).empty()) continue;
    if (::fstatat(directory.get(), file.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
      continue;
    file.size = static_cast<std::uint64_t>(info.st_size);
    total += file.size;
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return time_of_snapshot(a.name) < time_of_snapshot(b.name); });
  std::size_t left = files.size();
  for (const auto& file : files) {
    if (total <= options_.keep.bytes && left <= options_.keep.files) return;
    if (file.name == newest) continue;
    total -= file.size;
    --left;
    if (options_.calls.remove(directory.get(), file.name.c_str()) != 0 && errno != ENOENT)
      spdlog::warn("cannot delete {}/{}: {}", options_.directory, file.name, why(errno));
  }
}

void SnapshotFiles::clean(const Fd& directory) const {
  for (const std::string& name : names_in(options_.directory))
    if (name.starts_with(temporary_prefix)) options_.calls.remove(directory.get(), name.c_str());
}

}  // namespace dlt::daemon
