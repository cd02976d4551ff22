#include "logstorage/packer.hpp"

#include <zlib.h>

namespace dlt::daemon::logstorage {

Packer::Packer(Compression compression)
    : compression_(compression), zstd_(compression == Compression::zstd ? std::make_unique<Compressor>() : nullptr) {}

Result<proto::Bytes> Packer::pack(proto::Bytes plain) {
  switch (compression_) {
    case Compression::none: break;
    case Compression::gzip: return gzip(plain);
    case Compression::zstd: return zstd_->compress(plain);
  }
  return plain;
}

Result<proto::Bytes> Packer::gzip(proto::Bytes plain) {
  constexpr int window_with_gzip_header = 15 + 16;
  constexpr int memory_level = 8;
  struct Stream : z_stream {
    Stream() : z_stream{} {}
    ~Stream() { ::deflateEnd(this); }
  } stream;
  if (::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_with_gzip_header, memory_level, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    return std::make_error_code(std::errc::not_enough_memory);
  member_.resize(::deflateBound(&stream, plain.size()));
  // zlib reads only, but does not say so.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(member_.data());
  stream.avail_out = static_cast<uInt>(member_.size());
  const int result = ::deflate(&stream, Z_FINISH);
  member_.resize(member_.size() - stream.avail_out);
  if (result != Z_STREAM_END) return std::make_error_code(std::errc::io_error);
  return proto::Bytes(member_);
}

}  // namespace dlt::daemon::logstorage
