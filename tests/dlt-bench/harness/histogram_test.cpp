#include "harness/histogram.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

using dlt::bench::Histogram;

namespace {
std::uint64_t exact_at(const std::vector<std::uint64_t>& sorted, double quantile) {
  const auto rank = static_cast<std::size_t>(std::ceil(quantile * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}
}  // namespace

TEST_CASE("percentiles agree with an exact sort to three digits") {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> spread(6.0, 3.0);
  std::vector<std::uint64_t> values(200'000);
  Histogram histogram;
  for (auto& v : values) histogram.record(v = static_cast<std::uint64_t>(spread(random)));
  std::sort(values.begin(), values.end());

  for (const double q : {0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto exact = static_cast<double>(exact_at(values, q));
    CHECK(std::abs(static_cast<double>(histogram.at(q)) - exact) <= exact * 0.001);
  }
  CHECK(histogram.max() == values.back());
  CHECK(histogram.count() == values.size());
}

TEST_CASE("values up to 2047 are counted exactly") {
  Histogram histogram;
  for (std::uint64_t v = 0; v < 2048; ++v) histogram.record(v);

  for (std::uint64_t v = 0; v < 2048; ++v) CHECK(histogram.at(static_cast<double>(v + 1) / 2048.0) == v);
}

TEST_CASE("every bucket boundary stays within a thousandth") {
  for (unsigned bit = 1; bit < 44; ++bit) {
    for (const std::int64_t around : {-1, 0, 1}) {
      const auto v = static_cast<std::uint64_t>((std::int64_t{1} << bit) + around);
      Histogram histogram;
      histogram.record(v);
      histogram.record(v * 2);  // so that the maximum does not mask the bucket
      CHECK(std::abs(static_cast<double>(histogram.at(0.5)) - static_cast<double>(v)) <=
            static_cast<double>(v) * 0.001);
    }
  }
}

TEST_CASE("merged histograms equal one that saw everything") {
  Histogram a, b, all;
  for (std::uint64_t v = 0; v < 5000; ++v) {
    (v % 3 == 0 ? a : b).record(v * 977);
    all.record(v * 977);
  }
  a.merge(b);

  CHECK(a.count() == all.count());
  for (const double q : {0.01, 0.5, 0.99, 1.0}) CHECK(a.at(q) == all.at(q));
}

TEST_CASE("an empty histogram answers zero and a huge value is kept as the maximum") {
  Histogram histogram;
  CHECK(histogram.at(0.5) == 0);

  histogram.record(~std::uint64_t{0});
  CHECK(histogram.max() == ~std::uint64_t{0});
  CHECK(histogram.percentiles().count == 1);
}

TEST_CASE("what a histogram holds can be taken out and added to another one") {
  Histogram one;
  for (std::uint64_t v : {5U, 5U, 900U, 123'456U}) one.record(v);

  Histogram other;
  other.add(one.counted());

  CHECK(other.count() == 4);
  CHECK(other.at(0.5) == 5);
  CHECK(other.max() == 123'456);
  CHECK(one.counted(10, 5) == dlt::bench::Counted{{0, 2}, {8950, 1}, {1'234'510, 1}});
}
