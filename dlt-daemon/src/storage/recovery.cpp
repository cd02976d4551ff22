#include "storage/recovery.hpp"

#include <zstd.h>

#include <new>
#include <utility>

#include "storage/record.hpp"
#include "storage/segment.hpp"

namespace dlt::daemon {

namespace {

constexpr std::size_t largest_plain = 4 * Segment::default_capacity;  // ours are a quarter of that at most
constexpr std::size_t packed_view = largest_plain + largest_plain / 128;

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
      const std::size_t next = find_magic(bytes, zstd_magic, at + 1, last);
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
    const std::size_t next = find_magic(bytes, record_magic, at + 1, last);
    skipped_ += next - at;
    at = next;
  }
  return at;
}

}  // namespace dlt::daemon
