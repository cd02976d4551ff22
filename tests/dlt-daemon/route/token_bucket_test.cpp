#include "route/token_bucket.hpp"

#include <catch2/catch.hpp>

using namespace dlt::daemon;
using namespace std::chrono_literals;

namespace {
const TokenBucket::Clock::time_point start{1h};
}

TEST_CASE("a bucket lets a burst through and then the rate") {
  TokenBucket bucket(10, 3);
  int passed = 0;
  for (int ms = 0; ms < 2000; ++ms) passed += bucket.try_take(start + ms * 1ms) ? 1 : 0;
  CHECK(passed >= 22);
  CHECK(passed <= 23);
}

TEST_CASE("what was taken beyond the tokens is a debt that time pays") {
  TokenBucket bucket(1000, 100);
  bucket.take(600, start);
  CHECK(bucket.debt() >= 500ms);
  CHECK(bucket.debt() <= 502ms);
  bucket.take(0, start + 200ms);
  CHECK(bucket.debt() <= 302ms);
  bucket.take(0, start + 10s);
  CHECK(bucket.debt() == 0ms);
  bucket.take(100, start + 10s);
  CHECK(bucket.debt() == 0ms);
  bucket.take(1, start + 10s);
  CHECK(bucket.debt() > 0ms);
}

TEST_CASE("a rate of 0 means no limit") {
  TokenBucket bucket(0, 0);
  bucket.take(1'000'000'000, start);
  CHECK(bucket.debt() == 0ms);
  CHECK(bucket.try_take(start));
}
