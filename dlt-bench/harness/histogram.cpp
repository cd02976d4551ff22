#include "harness/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace dlt::bench {

void Histogram::merge(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::middle_of(std::size_t bucket) noexcept {
  if (bucket < 2 * half) return bucket;
  const std::size_t shift = bucket / half - 1;
  const std::uint64_t lowest = static_cast<std::uint64_t>(bucket - shift * half) << shift;
  return lowest + ((std::uint64_t{1} << shift) - 1) / 2;
}

std::uint64_t Histogram::at(double quantile) const noexcept {
  if (count_ == 0) return 0;
  const double exact = std::ceil(std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(exact), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(middle_of(i), max_);
  }
  return max_;
}

Percentiles Histogram::percentiles(double scale, double subtract) const noexcept {
  const auto value = [&](std::uint64_t v) { return std::max(0.0, static_cast<double>(v) - subtract) * scale; };
  return {count_, value(at(0.5)), value(at(0.9)), value(at(0.99)), value(at(0.999)), value(max_)};
}

Counted Histogram::counted(double scale, double subtract) const {
  Counted all;
  std::uint64_t left = count_;
  for (std::size_t i = 0; i < buckets_.size() && left != 0; ++i) {
    if (buckets_[i] == 0) continue;
    left -= buckets_[i];
    const auto value = static_cast<double>(left == 0 ? max_ : middle_of(i));
    all.emplace_back(static_cast<std::uint64_t>(std::max(0.0, value - subtract) * scale), buckets_[i]);
  }
  return all;
}

}  // namespace dlt::bench
