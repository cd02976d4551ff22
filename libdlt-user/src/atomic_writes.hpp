// Cuts messages of the user protocol into writes that the kernel keeps whole: into a pipe that many processes write to,
// at most PIPE_BUF bytes go without somebody else's between them.
//
//   pieces   | msg | msg | msg | msg |   | msg | msg |   | a message beyond the limit | msg |
//   writes   '----- one -----' '----- two -----------'     passed over                  '- three
//
// Each piece consists of whole messages. A message that is longer than the limit is passed over: it stands in what has
// been moved, and is counted. Pure.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <span>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/local.hpp"

namespace dlt::detail {

class AtomicWrites {
 public:
  static constexpr std::size_t longest = 4096;  // PIPE_BUF of Linux
  static constexpr std::size_t longest_frame = longest - proto::local::header_size;
  static constexpr std::size_t max_pieces = 16;

  explicit AtomicWrites(std::span<const iovec> pieces) noexcept : pieces_(pieces) {}

  // The next write; empty: there is nothing left. The call says that the one before has been made.
  [[nodiscard]] std::span<const iovec> next() noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }  // of the write that next() has returned
  [[nodiscard]] std::size_t moved() const noexcept { return moved_; }  // in front of it
  [[nodiscard]] std::size_t passed_over() const noexcept { return passed_over_; }  // messages among those

 private:
  void pass_over() noexcept;
  [[nodiscard]] proto::Bytes rest() const noexcept;

  std::span<const iovec> pieces_;
  std::size_t at_ = 0;  // in the first of them
  std::size_t bytes_ = 0;
  std::size_t moved_ = 0;
  std::size_t passed_over_ = 0;
  std::array<iovec, max_pieces> write_{};
};

// Frames that are too long to go in one write.
struct Oversized {
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
};
[[nodiscard]] Oversized oversized(proto::Bytes frames) noexcept;

}  // namespace dlt::detail
