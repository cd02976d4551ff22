#include "logstorage/gzip.hpp"

#include <zlib.h>

namespace dlt::daemon::logstorage {

Result<std::vector<std::byte>> gzip(proto::Bytes plain) {
  constexpr int window_with_gzip_header = 15 + 16;
  constexpr int memory_level = 8;
  z_stream stream{};
  if (::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_with_gzip_header, memory_level, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    return std::make_error_code(std::errc::not_enough_memory);
  std::vector<std::byte> out(::deflateBound(&stream, plain.size()));
  // zlib reads only, but does not say so.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = ::deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  ::deflateEnd(&stream);
  if (result != Z_STREAM_END) return std::make_error_code(std::errc::io_error);
  return out;
}

}  // namespace dlt::daemon::logstorage
