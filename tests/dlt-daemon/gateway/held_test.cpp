#include "gateway/held.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::daemon::gateway;
using namespace dlt::test;
using Numbers = std::vector<std::uint32_t>;

namespace {

void add(Held& held, const FrameSpan& span) {
  for_each_frame(span.bytes(), [&](proto::Bytes frame) { held.add(frame, span.slab); });
}
std::deque<FrameSpan> take_all(Held& held) {
  std::deque<FrameSpan> all;
  while (held.has_spans()) all.push_back(held.take_front());
  return all;
}

}  // namespace

TEST_CASE("frames that are held come out in order, those that lie behind one another as one span") {
  Pool pool(4096);
  Held held;
  CHECK(held.empty());
  add(held, numbered(pool, 0, 3));
  add(held, numbered(pool, 3, 2));
  CHECK_FALSE(held.empty());
  const auto spans = take_all(held);
  REQUIRE(spans.size() == 2);
  CHECK(spans[0].frames == 3);
  CHECK(numbers_in(spans) == Numbers{0, 1, 2, 3, 4});
  CHECK(held.empty());
}

TEST_CASE("what is held is bounded: the oldest goes and is counted") {
  Pool pool(128 * 1024);
  Held held;
  constexpr std::uint32_t count = 300;
  for (std::uint32_t n = 0; n < count; ++n) add(held, span_of(pool, frame(n, 60'000)));
  const auto dropped = held.take_dropped();
  const auto left = numbers_in(take_all(held));
  REQUIRE_FALSE(left.empty());
  CHECK(dropped + left.size() == count);
  CHECK(left.front() == dropped);
  CHECK(left.back() == count - 1);
  CHECK(held.take_dropped() == 0);
}

TEST_CASE("what there was no memory for counts with what there was no room for, until nothing is held any more") {
  Pool pool(4096);
  Held held;
  held.miss(2);
  CHECK_FALSE(held.empty());
  CHECK_FALSE(held.has_spans());
  add(held, numbered(pool, 0, 3));
  held.miss(3);
  CHECK(held.take_dropped() == 5);
  CHECK(held.take_dropped() == 0);
  held.miss(1);
  held.clear();
  CHECK(held.empty());
  CHECK(held.take_dropped() == 0);
}
