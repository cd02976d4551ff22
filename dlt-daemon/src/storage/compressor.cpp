#include "storage/compressor.hpp"

#include <zstd.h>

#include <new>

namespace dlt::daemon {

struct Compressor::Stream {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ~Stream() { ZSTD_freeCCtx(context); }
};

Compressor::Compressor() : stream_(std::make_unique<Stream>()) {
  if (stream_->context == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(stream_->context, ZSTD_c_compressionLevel, 1);
  ZSTD_CCtx_setParameter(stream_->context, ZSTD_c_windowLog, 17);
  ZSTD_CCtx_setParameter(stream_->context, ZSTD_c_checksumFlag, 1);
}

Compressor::~Compressor() = default;

Result<proto::Bytes> Compressor::compress(proto::Bytes plain) noexcept {
  const auto no_memory = std::make_error_code(std::errc::not_enough_memory);
  try {
    out_.resize(ZSTD_compressBound(plain.size()));
  } catch (const std::bad_alloc&) {
    return no_memory;
  }
  const std::size_t n = ZSTD_compress2(stream_->context, out_.data(), out_.size(), plain.data(), plain.size());
  if (ZSTD_isError(n) != 0) return no_memory;  // there is room for the worst case
  return proto::Bytes(out_.data(), n);
}

}  // namespace dlt::daemon
