#include "logstorage/file_set.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <new>
#include <numeric>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "paths.hpp"
#include "storage/recovery.hpp"

namespace dlt::daemon::logstorage {

namespace {

constexpr std::size_t piece = 256 * 1024;  // that is compressed as one, and of reading a file back

FileSet::Options complete(FileSet::Options options) {
  if (options.unix_s == nullptr) options.unix_s = [] { return static_cast<std::int64_t>(std::time(nullptr)); };
  return options;
}

std::string folder_of(const std::string& device, const std::string& file) {
  const auto slash = file.find_last_of('/');
  return slash == std::string::npos ? device : device + "/" + file.substr(0, slash);
}

std::string base_of(const std::string& file) { return file.substr(file.find_last_of('/') + 1); }

std::tm local_time(std::int64_t unix_s) noexcept {
  const auto when = static_cast<std::time_t>(unix_s);
  std::tm local{};
  ::localtime_r(&when, &local);
  return local;
}

FileNames names_of(const Filter& filter, const Naming& naming, const std::vector<FileNames>& others = {}) {
  return {naming, base_of(filter.file), filter.files, filter.compression, others};
}

// Of the other filters that store into the same folder.
std::vector<FileNames> names_beside(const Filter& filter, const Naming& naming, const std::vector<Filter>& all) {
  std::vector<FileNames> others;
  for (const Filter& other : all)
    if (other.stores() && other.file != filter.file && folder_of("", other.file) == folder_of("", filter.file))
      others.push_back(names_of(other, naming));
  return others;
}

// Nothing but whole messages is in the file.
bool is_whole(const Fd& fd) {
  Recovery reader(false, [](proto::Bytes) {});
  std::vector<std::byte> bytes(piece);
  off_t at = 0;
  for (;;) {
    const ssize_t n = ::pread(fd.get(), bytes.data(), bytes.size(), at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) break;
    reader.feed(proto::Bytes(bytes).first(static_cast<std::size_t>(n)));
    at += n;
  }
  reader.end();
  return reader.skipped_bytes() == 0;
}

}  // namespace

FileSet::FileSet(const Filter& filter, Options options, const std::vector<Filter>& others)
    : options_(complete(std::move(options))),
      directory_path_(folder_of(options_.device, filter.file)),
      names_(names_of(filter, options_.naming, names_beside(filter, options_.naming, others))),
      file_size_(filter.file_size),
      files_(filter.files),
      discard_new_(filter.discard_new),
      packer_(filter.compression) {}

bool FileSet::failed(const std::string& what, std::error_code error) {
  problem_ = what + ": " + error.message();
  return false;
}

// Folders that are not there yet are not made for that.
std::string FileSet::obstacle() const {
  struct stat info {};
  const bool there = ::stat(directory_path_.c_str(), &info) == 0;
  const std::string& path = there ? directory_path_ : options_.device;
  std::string problem;
  const Fd directory = open_directory(path, storage_rule, problem);
  if (!directory) return problem;
  if (::faccessat(directory.get(), ".", W_OK | X_OK, AT_EACCESS) == 0) return {};
  return path + ": " + std::generic_category().message(errno);
}

bool FileSet::open() {
  if (directory_) return true;
  struct stat info {};  // folders beneath the device are made, the device is not
  if (::stat(options_.device.c_str(), &info) != 0) return failed(options_.device, {errno, std::system_category()});
  directory_ = open_directory(directory_path_, storage_rule, problem_);
  if (!directory_) return false;
  scan();
  return true;
}

void FileSet::scan() {
  known_.clear();
  for (std::string& name : names_in(directory_path_)) {  // making a file tells what is wrong with it
    const auto index = names_.index(name);
    struct stat info {};
    if (!index || ::fstatat(directory_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
    const std::int64_t changed_ns = info.st_mtim.tv_sec * std::int64_t{1'000'000'000} + info.st_mtim.tv_nsec;
    if (S_ISREG(info.st_mode)) known_.push_back({*index, std::move(name), changed_ns});
  }
  names_.order(known_);
}

// Goes on with the newest file; false: the next one has to be begun. Compressed ones are left as they are, unless they
// are empty: what is torn in them cannot be seen from their end.
bool FileSet::resume() {
  if (known_.empty()) return false;
  const std::string& name = known_.back().name;
  Fd fd(::openat(directory_.get(), name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1) return false;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (packer_.packs() ? size != 0 : size >= file_size_ || !is_whole(fd)) return false;
  file_ = LogFile::resume(std::move(fd), size, options_.calls);
  unconfirmed_ = size == 0;
  path_ = directory_path_ + "/" + name;
  return true;
}

void FileSet::remove_first(std::size_t n) {
  for (std::size_t i = 0; i < n; ++i)
    if (options_.calls.remove(directory_.get(), known_[i].name.c_str()) != 0 && errno != ENOENT)
      spdlog::warn("cannot delete {}/{}: {}", directory_path_, known_[i].name, std::generic_category().message(errno));
  known_.erase(known_.begin(), known_.begin() + static_cast<std::ptrdiff_t>(n));
}

FileSet::Begun FileSet::begin_file() {
  if (discard_new_ && known_.size() >= files_) return Begun::full;
  file_.reset();
  const std::uint32_t index = known_.empty() ? names_.first() : names_.after(known_.back().index);
  const std::size_t most = files_ - 1;
  if (known_.size() > most) remove_first(known_.size() - most);
  // Where counting has wrapped, files of the same index, and what is older than them, have to go as well.
  for (std::size_t i = known_.size(); i-- > 0;)
    if (known_[i].index == index) {
      remove_first(i + 1);
      break;
    }
  FileNames::Entry entry{index, names_.name(index, local_time(options_.unix_s())), 0};
  path_ = directory_path_ + "/" + entry.name;
  auto file = LogFile::create(directory_.get(), entry.name.c_str(), options_.calls);
  if (!file) return directory_.reset(), failed(path_, file.error()), Begun::no;
  file_.emplace(*std::move(file));
  unconfirmed_ = true;
  known_.push_back(std::move(entry));
  return Begun::yes;
}

// Nothing is stored in a file whose name a power cut may take away.
bool FileSet::confirm_name() {
  if (unconfirmed_ && options_.calls.sync(directory_.get()) != 0) return failed(path_, {errno, std::system_category()});
  unconfirmed_ = false;
  return true;
}

bool FileSet::write(proto::Bytes bytes) {
  const auto error = file_->append(bytes, true);
  return !error || failed(path_, error);
}

// As many messages from the front as go into the present file at once: what fits, or one alone into an empty file. What
// a compressed file has room for nobody knows beforehand: `most` bytes, but one message at least, are tried.
FileSet::Piece FileSet::next_piece(std::span<const std::uint32_t> sizes, std::uint64_t most) const noexcept {
  const std::uint64_t size = file_ ? file_->size() : 0;
  const std::uint64_t room = packer_.packs() ? most : file_size_ - std::min(size, file_size_);
  Piece next;
  while (next.messages < sizes.size() && next.bytes + sizes[next.messages] <= room)
    next.bytes += sizes[next.messages++];
  if (next.messages == 0 && (size == 0 || packer_.packs())) next.bytes = sizes[next.messages++];
  return next;
}

// More than a whole file, and it could be less.
bool FileSet::is_too_much(const Piece& plain, std::size_t packed) const noexcept {
  return packed > file_size_ && plain.messages > 1;
}

bool FileSet::fits(std::size_t bytes) const noexcept {
  return file_ && bytes > 0 && (file_->size() == 0 || file_->size() + bytes <= file_size_);
}

void FileSet::look_for_loss() {
  if (!file_ || !file_->is_gone()) return;  // nobody has deleted it
  file_.reset();
  directory_.reset();
}

FileSet::Appended FileSet::append(proto::Bytes bytes, std::span<const std::uint32_t> sizes) noexcept {
  Appended done;
  done.failed = true;  // where it ends early
  try {
    append_to(done, bytes, sizes);
  } catch (const std::bad_alloc&) {
    file_.reset();
    directory_.reset();      // what is there is looked at again
    problem_ = "no memory";  // short enough to need none itself
  }
  return done;
}

void FileSet::append_to(Appended& done, proto::Bytes bytes, std::span<const std::uint32_t> sizes) {
  look_for_loss();
  const bool fresh = !directory_;
  if (!open()) return;
  if (fresh && !file_) (void)resume();
  std::uint64_t most = piece;  // bytes that are compressed as one
  while (done.stored < sizes.size()) {
    const Piece next = next_piece(sizes.subspan(done.stored), most);
    const auto out = packer_.pack(bytes.first(next.bytes));
    if (!out) return (void)failed(path_, out.error());
    if (is_too_much(next, out->size())) {
      most = next.bytes / 2;
      continue;
    }
    if (!fits(out->size())) {
      const Begun begun = begin_file();
      if (begun == Begun::no) return;
      if (begun == Begun::full) return done.discarded = sizes.size() - done.stored, done.failed = false, void();
      continue;
    }
    if (!confirm_name() || !write(*out)) return;
    bytes = bytes.subspan(next.bytes);
    done.stored += next.messages;
    most = piece;
  }
  done.failed = false;
}

}  // namespace dlt::daemon::logstorage
