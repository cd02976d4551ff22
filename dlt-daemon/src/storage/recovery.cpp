#include "storage/recovery.hpp"

#include <zstd.h>

#include <algorithm>
#include <new>
#include <utility>

#include "dlt/proto/framer.hpp"
#include "storage/segment.hpp"

namespace dlt::daemon {

namespace {

constexpr std::string_view record_magic{"DLT\x01", 4};
constexpr std::string_view zstd_magic{"\x28\xb5\x2f\xfd", 4};
// As far as one has to see from the start of a record or zstd frame to tell what it is.
constexpr std::size_t record_view = proto::storage_header_size + proto::max_frame_size + record_magic.size();
constexpr std::size_t largest_plain = 4 * Segment::default_capacity;  // ours are a quarter of that at most
constexpr std::size_t packed_view = largest_plain + largest_plain / 128;

bool begins_with(proto::Bytes bytes, std::string_view magic) noexcept {
  return proto::as_text(bytes).starts_with(magic);
}

// Where the magic stands from `from` on; the end, less what may be the beginning of one, if it does not.
std::size_t find(proto::Bytes bytes, std::string_view magic, std::size_t from, bool last) noexcept {
  const auto at = proto::as_text(bytes).find(magic, from);
  if (at != std::string_view::npos) return at;
  const std::size_t rest = last ? 0 : magic.size() - 1;
  return std::max(from, bytes.size() - std::min(rest, bytes.size()));
}

// The size of the record at the front if it is to be believed, 0 if not.
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

}  // namespace

struct Recovery::Unpacker {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::vector<std::byte> plain = std::vector<std::byte>(largest_plain);

  Unpacker() {
    if (context == nullptr) throw std::bad_alloc();
  }
  ~Unpacker() { ZSTD_freeDCtx(context); }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  // The size of the zstd frame at the front, 0 if it is not whole; what it holds is in plain[0, size) then.
  std::size_t unpack(proto::Bytes bytes, std::size_t& size) {
    const std::size_t packed = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
    if (ZSTD_isError(packed) != 0) return 0;
    size = ZSTD_decompressDCtx(context, plain.data(), plain.size(), bytes.data(), packed);
    return ZSTD_isError(size) != 0 ? 0 : packed;
  }
};

Recovery::Recovery(bool compressed, Record record)
    : record_(std::move(record)), unpacker_(compressed ? std::make_unique<Unpacker>() : nullptr) {}

Recovery::~Recovery() = default;

void Recovery::feed(proto::Bytes bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  work(false);
}

void Recovery::end() { work(true); }

void Recovery::work(bool last) {
  const std::size_t view = unpacker_ ? packed_view : record_view;
  if (!last && bytes_.size() < view) return;
  const std::size_t done = unpacker_ ? unpack(bytes_, last) : take(bytes_, last);
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(done));
}

std::size_t Recovery::unpack(proto::Bytes bytes, bool last) {
  std::size_t at = 0;
  while (at < bytes.size() && (last || bytes.size() - at >= packed_view)) {
    std::size_t size = 0;
    const auto rest = bytes.subspan(at);
    const std::size_t packed = begins_with(rest, zstd_magic) ? unpacker_->unpack(rest, size) : 0;
    if (packed == 0) {
      const std::size_t next = find(bytes, zstd_magic, at + 1, last);
      skipped_ += next - at;
      at = next;
      continue;
    }
    static_cast<void>(take(proto::Bytes(unpacker_->plain).first(size), true));  // the checksum has vouched for it
    at += packed;
  }
  return at;
}

std::size_t Recovery::take(proto::Bytes bytes, bool last) {
  std::size_t at = 0;
  while (at < bytes.size() && (last || bytes.size() - at >= record_view)) {
    const auto rest = bytes.subspan(at);
    const std::size_t size = record_size(rest);
    if (size > 0) {
      record_(rest.first(size));
      ++records_;
      at += size;
      continue;
    }
    const std::size_t next = find(bytes, record_magic, at + 1, last);
    skipped_ += next - at;
    at = next;
  }
  return at;
}

}  // namespace dlt::daemon
