#include "storage/record.hpp"

#include <algorithm>

#include "dlt/proto/framer.hpp"

namespace dlt::daemon {

std::size_t find_magic(proto::Bytes bytes, std::string_view magic, std::size_t from, bool last) noexcept {
  const auto at = proto::as_text(bytes).find(magic, from);
  if (at != std::string_view::npos) return at;
  const std::size_t rest = last ? 0 : magic.size() - 1;
  return std::max(from, bytes.size() - std::min(rest, bytes.size()));
}

std::size_t record_size(proto::Bytes bytes) noexcept {
  if (!begins_with(bytes, record_magic) || bytes.size() < proto::storage_header_size) return 0;
  const std::size_t frame = proto::whole_frame(bytes.subspan(proto::storage_header_size));
  if (frame == 0) return 0;
  const std::size_t size = proto::storage_header_size + frame;
  const auto rest = bytes.subspan(size);
  if (rest.empty() || begins_with(rest, record_magic)) return size;
  // A magic that begins in the record's last bytes counts as inside it.
  const auto inside = bytes.first(std::min(size + record_magic.size() - 1, bytes.size()));
  return proto::as_text(inside).find(record_magic, 1) == std::string_view::npos ? size : 0;
}

bool may_become_record(proto::Bytes bytes) noexcept {
  if (bytes.size() < record_magic.size()) return record_magic.starts_with(proto::as_text(bytes));
  if (!begins_with(bytes, record_magic)) return false;
  if (bytes.size() < proto::storage_header_size + proto::standard_header_size) return true;
  const std::byte* frame = bytes.data() + proto::storage_header_size;
  const std::size_t length = proto::load_be<std::uint16_t>(frame + 2);
  const auto least = proto::detail::minimum_frame[std::to_integer<std::uint8_t>(frame[0])];
  return length >= least && bytes.size() < proto::storage_header_size + length;
}

}  // namespace dlt::daemon
