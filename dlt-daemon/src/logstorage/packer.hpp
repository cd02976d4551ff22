// Makes one whole gzip member or zstd frame of a piece: a file of them is what zcat or zstdcat reads, and a torn tail
// loses the last one only.
//
// One thread.
#pragma once

#include <memory>
#include <vector>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"
#include "logstorage/filter.hpp"
#include "storage/compressor.hpp"

namespace dlt::daemon::logstorage {

class Packer {
 public:
  explicit Packer(Compression compression);

  [[nodiscard]] bool packs() const noexcept { return compression_ != Compression::none; }
  // The bytes returned live until the next call; `plain` itself where nothing is packed.
  [[nodiscard]] Result<proto::Bytes> pack(proto::Bytes plain);

 private:
  [[nodiscard]] Result<proto::Bytes> gzip(proto::Bytes plain);

  const Compression compression_;
  std::unique_ptr<Compressor> zstd_;
  std::vector<std::byte> member_;
};

}  // namespace dlt::daemon::logstorage
