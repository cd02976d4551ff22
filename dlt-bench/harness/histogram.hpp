// Counts values in log-linear buckets: exact up to 2047, within a thousandth above (three digits), up to 2^44.
//
//   value   0 … 2047          bucket = value
//           2^k · [1, 2)      1024 buckets of equal width, for each k >= 11
//
// record() is a shift and an increment, no allocation. One thread at a time; merge() brings threads together
// afterwards.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dlt::bench {

struct Percentiles {
  std::uint64_t count = 0;
  double p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0;
};

// What a histogram holds, for the way to another process: a value and how often it came.
using Counted = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

class Histogram {
 public:
  Histogram() : buckets_(bucket_count) {}

  void record(std::uint64_t value) noexcept { record(value, 1); }
  void record(std::uint64_t value, std::uint64_t times) noexcept {
    buckets_[bucket_of(value)] += times;
    count_ += times;
    if (value > max_) max_ = value;
  }
  void add(const Counted& other) noexcept {
    for (const auto& [value, times] : other) record(value, times);
  }
  void merge(const Histogram& other) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }
  // The value that a share of `quantile` (0 … 1) of all values does not exceed; 0 when empty.
  [[nodiscard]] std::uint64_t at(double quantile) const noexcept;
  // Each value less `subtract` (not below 0), times `scale`; the largest is exact.
  [[nodiscard]] Counted counted(double scale = 1.0, double subtract = 0.0) const;
  // The usual five, each less `subtract` (not below 0), times `scale`.
  [[nodiscard]] Percentiles percentiles(double scale = 1.0, double subtract = 0.0) const noexcept;

 private:
  static constexpr unsigned linear_bits = 11;
  static constexpr unsigned max_bits = 44;
  static constexpr std::size_t half = std::size_t{1} << (linear_bits - 1);
  static constexpr std::size_t bucket_count = (max_bits - linear_bits + 2) * half;

  [[nodiscard]] static std::size_t bucket_of(std::uint64_t value) noexcept;
  [[nodiscard]] static std::uint64_t middle_of(std::size_t bucket) noexcept;

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

inline std::size_t Histogram::bucket_of(std::uint64_t value) noexcept {
  constexpr std::uint64_t limit = (std::uint64_t{1} << max_bits) - 1;
  if (value > limit) value = limit;
  const auto bits = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = bits > linear_bits ? bits - linear_bits : 0;
  return shift * half + static_cast<std::size_t>(value >> shift);
}

}  // namespace dlt::bench
