#include "logstorage/records.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace dlt;
using namespace dlt::daemon::logstorage;

namespace {
std::string text(const Records& r) { return std::string(proto::as_text(r.bytes)); }
}  // namespace

TEST_CASE("a cache keeps the newest records and counts what they overwrite") {
  RecordCache cache(10);
  CHECK(cache.add(proto::as_bytes(std::string_view("aaaa"))) == 0);
  CHECK(cache.add(proto::as_bytes(std::string_view("bbbb"))) == 0);
  CHECK_FALSE(cache.fits(3));
  CHECK(cache.add(proto::as_bytes(std::string_view("ccc"))) == 1);
  CHECK(cache.bytes() == 7);

  const Records all = cache.take();

  CHECK(text(all) == "bbbbccc");
  CHECK(all.sizes == std::vector<std::uint32_t>{4, 3});
  CHECK(cache.bytes() == 0);
  CHECK(cache.records() == 0);
}

TEST_CASE("a record that is larger than the cache is the only one") {
  RecordCache cache(3);
  CHECK(cache.add(proto::as_bytes(std::string_view("a"))) == 0);
  CHECK(cache.add(proto::as_bytes(std::string_view("too large"))) == 1);
  CHECK(text(cache.take()) == "too large");
}

TEST_CASE("the memory of a cache stays bounded however much goes through it") {
  RecordCache cache(100);
  const std::string record(7, 'x');
  std::uint64_t overwritten = 0;
  for (int i = 0; i < 10'000; ++i) overwritten += cache.add(proto::as_bytes(record));
  CHECK(overwritten + cache.records() == 10'000);
  CHECK(cache.bytes() == 98);
  CHECK(cache.take().bytes.capacity() < 1000);
}
