#include "tools/gz_source.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "storage/record.hpp"

namespace dlt::tools {

struct GzSource::Stream {
  z_stream z{};
  Stream() {
    if (inflateInit2(&z, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
};

GzSource::GzSource(InputFile file, OnSkipped skipped)
    : file_(std::move(file)), skipped_(std::move(skipped)), stream_(std::make_unique<Stream>()) {}

GzSource::~GzSource() = default;

std::size_t GzSource::read(std::span<std::byte> out) {
  z_stream& z = stream_->z;
  for (;;) {
    if (file_.window().size() < gzip_magic.size() && !file_.fill() && file_.window().empty()) return 0;
    if (!inside_ && !daemon::begins_with(file_.window(), gzip_magic)) {
      skip_to_member("not gzip");
      if (file_.window().empty()) return 0;
    }
    const auto in = file_.window();
    inside_ = true;
    z.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
    z.avail_in = static_cast<uInt>(std::min<std::size_t>(in.size(), std::numeric_limits<uInt>::max()));
    const auto offered = z.avail_in;
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), std::numeric_limits<uInt>::max()));
    const auto room = z.avail_out;
    const int result = inflate(&z, Z_NO_FLUSH);
    file_.consume(offered - z.avail_in);
    const std::size_t n = room - z.avail_out;
    if (result == Z_STREAM_END) {
      inside_ = false;
      inflateReset(&z);
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      inside_ = false;
      const std::string why = z.msg != nullptr ? z.msg : "damaged gzip data";
      inflateReset(&z);
      skip_to_member(why);
    }
    if (n > 0) return n;
    if (inside_ && file_.window().empty() && !file_.fill()) return 0;
  }
}

// Past what cannot be unpacked, up to the next member or the end.
void GzSource::skip_to_member(std::string_view why) {
  const std::uint64_t from = file_.offset();
  if (!file_.window().empty()) file_.consume(1);
  for (bool more = true; more;) {
    more = file_.window().size() >= gzip_magic.size() || file_.fill();
    const std::size_t next = daemon::find_magic(file_.window(), gzip_magic, 0, !more);
    file_.consume(next);
    if (daemon::begins_with(file_.window(), gzip_magic)) break;
  }
  skipped_(from, file_.offset() - from, why);
}

bool GzSource::end() {
  if (inside_) skipped_(file_.offset(), 0, "the compressed data ends in the middle");
  inside_ = false;
  return false;
}

}  // namespace dlt::tools
