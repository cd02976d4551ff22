#include "tools/zst_source.hpp"

#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "storage/record.hpp"

namespace dlt::tools {

namespace {
constexpr std::size_t held_back = 1024 * 1024;         // unpacked bytes of a frame kept until its end is good
constexpr std::size_t most_packed = 2 * held_back;     // packed bytes that may make no more than that
constexpr std::uint32_t skippable_magic = 0x184d2a50;  // the last four bits are free

bool is_skippable(proto::Bytes bytes) noexcept {
  return bytes.size() >= 4 && (proto::load_le<std::uint32_t>(bytes.data()) & 0xfffffff0U) == skippable_magic;
}
}  // namespace

struct ZstSource::Stream {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  Stream() {
    if (context == nullptr) throw std::bad_alloc();
  }
  ~Stream() { ZSTD_freeDCtx(context); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

ZstSource::ZstSource(InputFile file, OnSkipped skipped)
    : file_(std::move(file)), skipped_(std::move(skipped)), stream_(std::make_unique<Stream>()), plain_(held_back) {}

ZstSource::~ZstSource() = default;

std::size_t ZstSource::read(std::span<std::byte> out) {
  while (given_ == usable_)
    if (!fill_plain()) return 0;
  const std::size_t n = std::min(out.size(), usable_ - given_);
  std::memcpy(out.data(), plain_.data() + given_, n);
  given_ += n;
  return n;
}

// Unpacks until something may be given out; false: nothing more now.
bool ZstSource::fill_plain() {
  if (usable_ > 0) given_ = usable_ = 0;
  if (!inside_ && !begin_frame()) return false;
  for (;;) {
    switch (unpack_some()) {
      case Step::more: break;
      case Step::frame: return true;
      case Step::nothing: return false;
      case Step::damaged: give_up_frame(why_); return true;  // read() asks again
    }
  }
}

// At the magic of a frame; false: nothing more now.
bool ZstSource::begin_frame() {
  while (file_.window().size() < 4 && file_.fill()) continue;
  if (file_.window().size() < 4) return false;
  if (!daemon::begins_with(file_.window(), daemon::zstd_magic) && !is_skippable(file_.window()))
    skip_to_frame("not zstd");
  if (file_.window().empty()) return false;
  ZSTD_DCtx_reset(stream_->context, ZSTD_reset_session_only);
  inside_ = true;
  large_ = false;
  done_ = 0;
  held_ = 0;
  return true;
}

ZstSource::Step ZstSource::unpack_some() {
  if (done_ == file_.window().size() && !file_.fill()) return Step::nothing;
  const auto window = file_.window();
  ZSTD_inBuffer in{window.data(), window.size(), done_};
  ZSTD_outBuffer out{plain_.data(), plain_.size(), held_};
  const std::size_t result = ZSTD_decompressStream(stream_->context, &out, &in);
  if (ZSTD_isError(result) != 0) {
    why_ = ZSTD_getErrorName(result);
    return Step::damaged;
  }
  done_ = in.pos;
  held_ = out.pos;
  const bool whole = result == 0;
  if (!whole && held_ < plain_.size()) {
    if (done_ <= most_packed) return Step::more;
    why_ = "packed bytes without content";
    return Step::damaged;
  }
  large_ = !whole;
  inside_ = !whole;
  file_.consume(std::exchange(done_, 0));
  usable_ = std::exchange(held_, 0);
  return Step::frame;
}

// Of a large frame what has been unpacked is given out still.
void ZstSource::give_up_frame(std::string_view why) {
  if (large_) {
    file_.consume(std::min(done_, file_.window().size()));
    usable_ = held_;
  }
  inside_ = large_ = false;
  done_ = 0;
  held_ = 0;
  skip_to_frame(why);
}

// Past the first byte here, up to the next magic or the end.
void ZstSource::skip_to_frame(std::string_view why) {
  const std::uint64_t from = file_.offset();
  if (!file_.window().empty()) file_.consume(1);
  for (bool more = true; more;) {
    more = file_.window().size() >= daemon::zstd_magic.size() || file_.fill();
    file_.consume(daemon::find_magic(file_.window(), daemon::zstd_magic, 0, !more));
    if (daemon::begins_with(file_.window(), daemon::zstd_magic)) break;
  }
  skipped_(from, file_.offset() - from, why);
}

// A frame that is not whole: another one may begin inside what was taken for it.
bool ZstSource::end() {
  if (file_.window().empty() && !inside_) return false;
  give_up_frame(inside_ ? "the compressed data ends in the middle" : "not zstd");
  return usable_ > 0 || !file_.window().empty();
}

}  // namespace dlt::tools
