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

// With or without a time: the key may have been another one when the file was begun.
std::optional<std::uint32_t> FileNames::index(std::string_view name) const noexcept {
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
  if (files.empty() || files.front().index != 1 || files.back().index < naming_.max_counter) return;
  auto newest = files.begin();
  std::uint32_t gap = 1;
  for (auto at = files.begin(); at + 1 != files.end(); ++at)
    if (const std::uint32_t step = at[1].index - at->index; step > gap) newest = at, gap = step;
  if (gap == 1)
    for (auto at = files.begin(); at != files.end(); ++at)
      if (at->changed_ns >= newest->changed_ns) newest = at;
  std::rotate(files.begin(), newest + 1, files.end());
}

}  // namespace dlt::daemon::logstorage
