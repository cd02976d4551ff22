#include "logstorage/file_names.hpp"

#include <algorithm>
#include <charconv>

namespace dlt::daemon::logstorage {

namespace {
constexpr std::size_t stamp_size = 15;  // YYYYMMDD-HHMMSS

bool is_stamp(std::string_view text) noexcept {
  return text.size() == stamp_size && text[8] == '-' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c == '-' || (c >= '0' && c <= '9'); });
}
}  // namespace

FileNames::FileNames(Naming naming, std::string base, std::uint32_t files, Compression compression,
                     const std::vector<FileNames>& others)
    : naming_(naming), base_(std::move(base)), files_(files), compression_(compression) {
  for (const FileNames& other : others) {
    if (other.base_.size() <= base_.size() || !other.base_.starts_with(base_)) continue;
    others_.push_back(other);
    std::uint32_t index = 0;  // that its base may end in, as that of nav_2 does
    const char* const digits = other.base_.data() + base_.size() + 1;
    const char* const end = other.base_.data() + other.base_.size();
    if (std::from_chars(digits, end, index).ec == std::errc{} && other.index_in(name(index, std::tm{})))
      passed_over_.push_back(index);
  }
}

std::string FileNames::name(std::uint32_t index, const std::tm& local) const {
  std::string out = base_;
  if (has_index()) {
    std::string digits = std::to_string(index);
    const std::size_t width = naming_.max_counter == std::numeric_limits<std::uint32_t>::max()
                                  ? 0
                                  : std::to_string(naming_.max_counter).size();
    if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
    out += naming_.delimiter;
    out += digits;
  }
  if (naming_.timestamp) {
    char stamp[32];
    std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &local);
    out += naming_.delimiter;
    out += stamp;
  }
  return out.append(suffix());
}

std::string_view FileNames::suffix() const noexcept {
  switch (compression_) {
    case Compression::none: break;
    case Compression::gzip: return ".dlt.gz";
    case Compression::zstd: return ".dlt.zst";
  }
  return ".dlt";
}

std::optional<std::uint32_t> FileNames::index(std::string_view name) const noexcept {
  const auto has_it = [&](const FileNames& other) { return other.index(name).has_value(); };
  if (std::any_of(others_.begin(), others_.end(), has_it)) return std::nullopt;
  return index_in(name);
}

bool FileNames::is_passed_over(std::uint32_t index) const noexcept {
  return std::find(passed_over_.begin(), passed_over_.end(), index) != passed_over_.end();
}

// Where every index is passed over one of them is used all the same: making the file fails then, and is told.
std::uint32_t FileNames::after(std::uint32_t index) const noexcept {
  for (std::size_t tries = 0; tries <= passed_over_.size(); ++tries) {
    index = index >= naming_.max_counter ? 1 : index + 1;
    if (!is_passed_over(index)) break;
  }
  return index;
}

// From one index up to another: how often after() is to be asked.
std::uint32_t FileNames::steps(std::uint32_t from, std::uint32_t to) const noexcept {
  const auto between =
      std::count_if(passed_over_.begin(), passed_over_.end(), [&](std::uint32_t i) { return from < i && i < to; });
  return to - from - static_cast<std::uint32_t>(between);
}

// With or without a time: the key may have been another one when the file was begun.
std::optional<std::uint32_t> FileNames::index_in(std::string_view name) const noexcept {
  const std::string_view end_of_name = suffix();
  if (!name.starts_with(base_) || !name.ends_with(end_of_name) || name.size() < base_.size() + end_of_name.size())
    return std::nullopt;
  auto rest = name.substr(base_.size(), name.size() - base_.size() - end_of_name.size());
  std::uint32_t index = 1;
  if (has_index()) {
    if (rest.size() < 2 || rest.front() != naming_.delimiter) return std::nullopt;
    const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), index);
    if (error != std::errc{} || index == 0) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  if (rest.empty()) return index;
  if (rest.front() != naming_.delimiter || !is_stamp(rest.substr(1))) return std::nullopt;
  return index;
}

void FileNames::order(std::vector<Entry>& files) const {
  std::sort(files.begin(), files.end(),
            [](const Entry& a, const Entry& b) { return a.index != b.index ? a.index < b.index : a.name < b.name; });
  if (files.empty() || files.front().index != first() || after(files.back().index) != first()) return;
  auto newest = files.begin();
  std::uint32_t gap = 1;
  for (auto at = files.begin(); at + 1 != files.end(); ++at)
    if (const std::uint32_t step = steps(at->index, at[1].index); step > gap) newest = at, gap = step;
  if (gap == 1)
    for (auto at = files.begin(); at != files.end(); ++at)
      if (at->changed_ns >= newest->changed_ns) newest = at;
  std::rotate(files.begin(), newest + 1, files.end());
}

}  // namespace dlt::daemon::logstorage
