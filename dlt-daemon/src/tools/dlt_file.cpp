#include "tools/dlt_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "dlt/proto/header.hpp"
#include "storage/segment.hpp"

namespace dlt::tools {

namespace {

std::error_code last_error() noexcept { return {errno, std::system_category()}; }

// LogFile keeps a pointer to them.
const daemon::FileCalls& calls() noexcept {
  static const daemon::FileCalls kernel = daemon::kernel_calls();
  return kernel;
}

// "log.dlt.zst" is "log" and ".dlt.zst"; a name without such an ending gets ".dlt" behind the number, as the
// incumbent's.
std::pair<std::string, std::string> split(const std::string& name) {
  for (const std::string_view ending : {".dlt.zst", ".dlt.gz", ".dlt", ".zst", ".gz"})
    if (name.ends_with(ending)) return {name.substr(0, name.size() - ending.size()), std::string(ending)};
  return {name, ".dlt"};
}

daemon::logstorage::Compression packing_of(std::string_view name) noexcept {
  using daemon::logstorage::Compression;
  if (name.ends_with(".zst")) return Compression::zstd;
  return name.ends_with(".gz") ? Compression::gzip : Compression::none;
}

// Never over a file that is there.
std::error_code rename_safely(int directory, const char* from, const char* to) noexcept {
  if (::renameat2(directory, from, directory, to, RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return last_error();
  if (::faccessat(directory, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0) return std::make_error_code(std::errc::file_exists);
  return ::renameat(directory, from, directory, to) == 0 ? std::error_code{} : last_error();
}

}  // namespace

std::optional<std::string> unknown_packing(std::string_view name) {
  for (const std::string_view ending : {".xz", ".bz2", ".lz4", ".lzma", ".zip", ".7z", ".Z", ".br"})
    if (name.ends_with(ending)) return std::string(ending) + " is not written; .gz and .zst are";
  return std::nullopt;
}

DltFile::DltFile(Options options, daemon::Fd directory, std::string name)
    : options_(std::move(options)),
      directory_(std::move(directory)),
      name_(std::move(name)),
      packer_(packing_of(name_)),
      capacity_(daemon::Segment::default_capacity) {
  if (options_.limit > 0) capacity_ = static_cast<std::size_t>(std::min<std::uint64_t>(capacity_, options_.limit));
}

Result<DltFile> DltFile::open(Options options) {
  const std::filesystem::path path(options.path);
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  daemon::Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return last_error();
  DltFile file(std::move(options), std::move(directory), path.filename().string());
  if (const auto error = file.make_room()) return error;
  if (const auto error = file.create()) return error;
  return file;
}

// What bears the name now is out of the way afterwards.
std::error_code DltFile::make_room() {
  struct stat info {};
  if (::fstatat(directory_.get(), name_.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? std::error_code{} : last_error();
  if (S_ISDIR(info.st_mode)) return std::make_error_code(std::errc::is_a_directory);
  if (!S_ISREG(info.st_mode)) return std::make_error_code(std::errc::operation_not_supported);
  if (options_.limit > 0) return rotate();
  return ::unlinkat(directory_.get(), name_.c_str(), 0) == 0 ? std::error_code{} : last_error();
}

std::error_code DltFile::create() {
  auto file = daemon::LogFile::create(directory_.get(), name_.c_str(), calls());
  if (!file) return file.error();
  file_.emplace(*std::move(file));
  return {};
}

std::string DltFile::old_name(std::uint64_t number) const {
  const auto [stem, ending] = split(name_);
  return stem + "." + std::to_string(number) + ending;
}

std::uint64_t DltFile::first_free_number() const {
  const auto [stem, ending] = split(name_);
  const std::filesystem::path path(options_.path);
  std::uint64_t free = 0;
  std::error_code ignored;
  for (std::filesystem::directory_iterator at(path.has_parent_path() ? path.parent_path() : ".", ignored), end;
       !ignored && at != end; at.increment(ignored)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(stem + ".") || !name.ends_with(ending) || name.size() <= stem.size() + 1 + ending.size())
      continue;
    std::uint64_t number = 0;
    const char* const last = name.data() + name.size() - ending.size();
    if (std::from_chars(name.data() + stem.size() + 1, last, number).ptr == last && number < UINT64_MAX)
      free = std::max(free, number + 1);
  }
  return free;
}

std::error_code DltFile::rotate() {
  if (!next_number_) next_number_ = first_free_number();
  for (;;) {
    const auto error = rename_safely(directory_.get(), name_.c_str(), old_name((*next_number_)++).c_str());
    if (error != std::errc::file_exists) return error;
  }
}

std::error_code DltFile::add(proto::Bytes storage, proto::Bytes frame) {
  const std::size_t size = storage.size() + frame.size();
  const bool too_large = !piece_.empty() && piece_.size() + size > capacity_;
  const bool over_limit =
      options_.limit > 0 && !packer_.packs() && file_->size() + piece_.size() + size > options_.limit;
  if (too_large || over_limit)
    if (const auto error = flush()) return ++lost_, error;
  piece_.insert(piece_.end(), storage.begin(), storage.end());
  piece_.insert(piece_.end(), frame.begin(), frame.end());
  ++piece_messages_;
  return {};
}

std::error_code DltFile::flush() {
  if (piece_.empty()) return {};
  const auto error = write_piece();
  if (error) lost_ += piece_messages_;
  else written_messages_ += piece_messages_;
  piece_.clear();
  piece_messages_ = 0;
  return error;
}

std::error_code DltFile::write_piece() {
  const auto packed = packer_.pack(piece_);
  if (!packed) return packed.error();
  const proto::Bytes bytes = *packed;
  if (options_.limit > 0 && file_->size() > 0 && file_->size() + bytes.size() > options_.limit) {
    if (const auto error = rotate()) return error;
    if (const auto error = create()) return error;
  }
  const auto error = file_->append(bytes);
  if (!error) written_bytes_ += bytes.size();
  return error;
}

}  // namespace dlt::tools
