// The strings that messages carry: a pure function of the sequence number, so that the receiving end can check them.
//
// `fixed`: 8 rotations of an alphabet, all of one length (12 bytes unless --payload says otherwise).
// `lines`: 65,536 different log lines of realistic text (some 45 bytes each, 3 MB in all: more than a compressor's
// window, so that repetition does not flatter the ratio). Immutable after construction; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dlt::bench {

class Texts {
 public:
  [[nodiscard]] static Texts fixed(std::size_t bytes);
  [[nodiscard]] static Texts lines();

  // Lives as long as this object.
  [[nodiscard]] std::string_view of(std::uint64_t sequence) const noexcept { return views_[sequence & mask_]; }
  [[nodiscard]] double average_bytes() const noexcept;

  Texts(Texts&&) noexcept = default;
  Texts& operator=(Texts&&) noexcept = default;

 private:
  explicit Texts(std::vector<std::string> texts);

  std::vector<std::string> texts_;
  std::vector<std::string_view> views_;
  std::uint64_t mask_ = 0;
};

}  // namespace dlt::bench
