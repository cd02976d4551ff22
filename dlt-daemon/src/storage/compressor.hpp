// Makes one independent zstd frame of each segment: a file of them can be cut anywhere and loses the last one only.
//
// Level 1 with a window of 128 KiB: on log text higher levels cost twice the time for the same ratio. One thread.
#pragma once

#include <memory>
#include <vector>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"

namespace dlt::daemon {

class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  // The bytes returned live until the next call. Fails without memory only; it may be tried again.
  [[nodiscard]] Result<proto::Bytes> compress(proto::Bytes plain) noexcept;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::vector<std::byte> out_;
};

}  // namespace dlt::daemon
