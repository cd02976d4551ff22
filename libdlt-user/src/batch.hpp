// What one writev carries: ranges of whole frames, each behind its header, and which of them the kernel took.
//
//   our daemon    | 24-byte Batch header | frames ......... |    they stay where they are: two iovecs a range
//   incumbent's   | DUH header | frame | DUH header | frame |    copied: one iovec a range
//
// Pure; reused from pass to pass so that it stops allocating. Views handed out live until the next clear().
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/local.hpp"

namespace dlt::detail {

enum class Wire : std::uint8_t { batches, single_frames };

// The bytes that these frames become on the wire, in one piece.
[[nodiscard]] std::vector<std::byte> wire_image(Wire wire, const proto::local::Batch& where, proto::Bytes frames);

// The length of the frame at the front, as its header says; 0 when that cannot be.
[[nodiscard]] std::size_t frame_length(proto::Bytes bytes) noexcept;

class Batch {
 public:
  static constexpr std::size_t max_ranges = 64;

  explicit Batch(Wire wire = Wire::batches) noexcept : wire_(wire) {}

  void clear(Wire wire) noexcept;
  // `where.length` is filled in. The bytes must stay until the batch was written.
  void add(proto::local::Batch where, proto::Bytes frames);

  [[nodiscard]] std::span<const iovec> iovecs() const noexcept { return iovecs_; }
  [[nodiscard]] std::size_t ranges() const noexcept { return sizes_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size_of(std::size_t range) const noexcept { return sizes_[range]; }  // on the wire

  struct Written {
    std::size_t whole = 0;    // ranges that went completely
    std::size_t partial = 0;  // bytes that went of the next one, its header included
  };
  [[nodiscard]] Written written(std::size_t n) const noexcept;

 private:
  Wire wire_;
  std::vector<iovec> iovecs_;
  std::vector<std::size_t> sizes_;  // of each range on the wire
  std::size_t bytes_ = 0;
  std::array<std::array<std::byte, proto::local::Batch::size>, max_ranges> headers_{};
  std::vector<std::vector<std::byte>> copies_;  // single_frames only
};

}  // namespace dlt::detail
