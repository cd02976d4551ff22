// What the fuzz targets share. Each target is one LLVMFuzzerTestOneInput: libFuzzer calls it with inputs of its own,
// the replay program with those in corpus/, in every build.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <vector>

#include "dlt/proto/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace dlt::fuzz {

// A promise of the parser: breaking it ends the run and libFuzzer keeps the input. Active in every build.
inline void require(bool promise, const char* text) {
  if (promise) return;
  std::fprintf(stderr, "broken promise: %s\n", text);
  std::abort();
}

// A copy with nothing readable around it, so that a step beyond shows at once under ASan.
using Buffer = std::vector<std::byte>;
[[nodiscard]] inline Buffer copy_of(proto::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// The input: the first byte says how many bytes (0..15) of split sizes follow; the rest is the stream.
class SplitInput {
 public:
  SplitInput(const std::uint8_t* data, std::size_t size) {
    const auto all = std::as_bytes(std::span(data, size));
    if (all.empty()) return;
    std::size_t n = std::to_integer<std::size_t>(all[0]) & 15;
    if (n > size - 1) n = size - 1;
    sizes_ = all.subspan(1, n);
    stream_ = all.subspan(1 + n);
  }
  [[nodiscard]] proto::Bytes stream() const { return stream_; }
  // The stream piece by piece; the sizes are used in turn, again and again. Empty at the end.
  [[nodiscard]] Buffer next_piece() {
    std::size_t n = stream_.size() - at_;
    if (!sizes_.empty()) {
      const std::size_t wanted = std::to_integer<std::size_t>(sizes_[turn_++ % sizes_.size()]) + 1;
      if (wanted < n) n = wanted;
    }
    const auto piece = copy_of(stream_.subspan(at_, n));
    at_ += n;
    return piece;
  }

 private:
  proto::Bytes sizes_;
  proto::Bytes stream_;
  std::size_t at_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace dlt::fuzz
