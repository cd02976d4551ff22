#include "route/backlog.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

TEST_CASE("a backlog keeps the newest and counts what it evicts") {
  Pool pool(4096);
  Backlog backlog(100);
  for (std::uint32_t i = 0; i < 10; ++i) backlog.push(numbered(pool, i, 1));  // 30 bytes each

  CHECK(numbers_in(backlog.spans()) == std::vector<std::uint32_t>{7, 8, 9});
  CHECK(backlog.bytes() == 90);
  CHECK(backlog.evicted().messages == 7);
  CHECK(backlog.evicted().bytes == 210);
}

TEST_CASE("a span larger than the backlog loses its oldest messages only") {
  Pool pool(4096);
  Backlog backlog(70);

  backlog.push(numbered(pool, 0, 5));

  CHECK(numbers_in(backlog.spans()) == std::vector<std::uint32_t>{3, 4});
  CHECK(backlog.bytes() == 60);
  CHECK(backlog.evicted().messages == 3);
}

TEST_CASE("a backlog without capacity keeps one message at most") {
  Pool pool(4096);
  Backlog backlog(0);
  backlog.push(numbered(pool, 0, 5));
  CHECK(numbers_in(backlog.spans()) == std::vector<std::uint32_t>{4});
}

TEST_CASE("what is put back stands before what came since") {
  Pool pool(4096);
  Backlog backlog(1000);
  backlog.push(numbered(pool, 0, 2));
  backlog.push(numbered(pool, 2, 2));
  auto taken = backlog.take();
  CHECK(backlog.bytes() == 0);
  backlog.push(numbered(pool, 4, 2));

  backlog.put_back(std::move(taken));

  CHECK(numbers_in(backlog.spans()) == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5});
  CHECK(backlog.bytes() == 180);
}

TEST_CASE("what was routed up to a place, or behind it, is taken in its order, and the rest stays in its own") {
  Pool pool(4096);
  Backlog backlog(1000);
  for (const std::uint32_t n : {3U, 0U, 4U, 1U, 2U}) {  // as it is when clients have given things back
    FrameSpan span = numbered(pool, n, 1);
    span.routed = 30 * (n + 1);
    backlog.push(span);
  }
  CHECK(backlog.take_up_to(29).empty());
  CHECK(numbers_in(backlog.take_up_to(60)) == std::vector<std::uint32_t>{0, 1});
  CHECK(backlog.bytes() == 90);
  CHECK(numbers_in(backlog.take_behind(90)) == std::vector<std::uint32_t>{3, 4});
  CHECK(numbers_in(backlog.spans()) == std::vector<std::uint32_t>{2});
  CHECK(backlog.bytes() == 30);
  CHECK(backlog.evicted().messages == 0);
}

TEST_CASE("a smaller capacity takes effect at once") {
  Pool pool(4096);
  Backlog backlog(1000);
  for (std::uint32_t i = 0; i < 5; ++i) backlog.push(numbered(pool, i, 1));
  backlog.set_capacity(60);
  CHECK(numbers_in(backlog.spans()) == std::vector<std::uint32_t>{3, 4});
}
