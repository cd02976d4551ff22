#include "storage/recovery.hpp"

#include <zstd.h>

#include <new>
#include <utility>

#include "storage/large_frame.hpp"
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
  LargeFrame large;

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
    const auto rest = bytes.subspan(at);
    if (large_) {
      at += unpack_large(rest, last);
      continue;
    }
    const std::size_t packed = unpack_frame(rest);
    const std::size_t next = packed != 0 ? at + packed : find_magic(bytes, zstd_magic, at + 1, last);
    if (packed == 0) skipped_ += next - at;
    at = next;
  }
  if (last && large_) skipped_ += vain_, end_large();  // it is torn
  return at;
}

// The bytes of a frame that is believed, or of its beginning if it is large; 0: there is none.
std::size_t Recovery::unpack_frame(proto::Bytes bytes) {
  if (!begins_with(bytes, zstd_magic)) return 0;
  std::size_t size = 0;
  if (const std::size_t packed = unpacker_->unpack(bytes, size); packed != 0) {
    static_cast<void>(take(proto::Bytes(unpacker_->plain).first(size), true));  // the checksum has vouched for it
    return packed;
  }
  unpacker_->large.begin();
  const auto step = unpacker_->large.go_on(bytes, unpacker_->plain);
  if (step.plain < largest_plain) return 0;  // a small one that is damaged
  large_ = true;
  vain_ = step.vain;
  take_large(step.plain);
  return step.packed;
}

std::size_t Recovery::unpack_large(proto::Bytes bytes, bool last) {
  const auto step = unpacker_->large.go_on(bytes, unpacker_->plain);
  vain_ = step.plain > 0 ? step.vain : vain_ + step.vain;
  take_large(step.plain);
  if (!step.damaged && !step.ended) return step.packed;
  end_large();
  if (step.ended) return step.packed;
  const std::size_t next = find_magic(bytes, zstd_magic, step.packed, last);
  skipped_ += vain_ + next - step.packed;
  return next;
}

// So much more of a large frame has been unpacked.
void Recovery::take_large(std::size_t size) {
  const auto fresh = proto::Bytes(unpacker_->plain).first(size);
  plain_.insert(plain_.end(), fresh.begin(), fresh.end());
  plain_.erase(plain_.begin(), plain_.begin() + static_cast<std::ptrdiff_t>(take(plain_, false)));
}

void Recovery::end_large() {
  static_cast<void>(take(plain_, true));
  plain_.clear();
  large_ = false;
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
