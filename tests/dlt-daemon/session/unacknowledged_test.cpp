#include "session/unacknowledged.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using Numbers = std::vector<std::uint32_t>;

namespace {

struct Fixture {
  Pool pool{4096};
  Unacknowledged kept;

  Fixture() {
    kept.wrote(numbered(pool, 0, 3));
    kept.wrote(numbered(pool, 3, 1));
    kept.wrote(numbered(pool, 4, 4));
  }
  void say(std::uint32_t number) {
    FrameSpan own = numbered(pool, number, 1);
    own.own = true;
    kept.wrote(own);
  }
};

Numbers from(std::uint32_t first, std::uint32_t end) {
  Numbers all;
  for (; first < end; ++first) all.push_back(first);
  return all;
}

}  // namespace

TEST_CASE("what lies behind any message is taken back, in order, and counts on from there") {
  for (std::uint32_t received = 0; received <= 8; ++received) {
    Fixture f;
    REQUIRE(f.kept.knows(received));
    CHECK(numbers_in(f.kept.take_behind(received)) == from(received, 8));
    CHECK(f.kept.written() == received);
    CHECK(f.kept.bytes() == 0);
    f.kept.wrote(numbered(f.pool, 50, 2));
    CHECK(f.kept.written() == received + 2);
    CHECK(numbers_in(f.kept.take_behind(received + 1)) == Numbers{51});
  }
}

TEST_CASE("what is acknowledged is not kept, span by span, and cannot be asked for again") {
  Fixture f;
  CHECK(f.kept.bytes() == 8 * 30);
  CHECK(f.kept.acknowledge(2));
  CHECK(f.kept.bytes() == 8 * 30);
  CHECK(f.kept.acknowledge(4));
  CHECK(f.kept.bytes() == 4 * 30);
  CHECK(f.kept.acknowledge(1));  // late, and known already
  CHECK(f.kept.acknowledged() == 4);
  CHECK_FALSE(f.kept.knows(3));
  CHECK(f.kept.knows(4));
  CHECK(f.kept.acknowledge(5));
  CHECK(numbers_in(f.kept.take_behind(6)) == Numbers{6, 7});
}

TEST_CASE("more than was written is not acknowledged") {
  Fixture f;
  CHECK_FALSE(f.kept.acknowledge(9));
  CHECK_FALSE(f.kept.knows(9));
  CHECK(f.kept.acknowledge(8));
  CHECK(f.kept.bytes() == 0);
}

TEST_CASE("it is full when as much as may be is under way, until some of that is acknowledged") {
  Pool pool(128 * 1024);
  Unacknowledged kept;
  std::uint32_t n = 0;
  for (; !kept.full(); ++n) kept.wrote(span_of(pool, frame(n, 60'000)));
  CHECK(kept.bytes() >= Unacknowledged::limit);
  CHECK(kept.bytes() < Unacknowledged::limit + 70'000);
  CHECK(kept.acknowledge(1));
  CHECK_FALSE(kept.full());
}

TEST_CASE("a link that is over tells exactly how many messages it had, wherever its gateway was") {
  for (std::uint32_t received = 0; received <= 10; ++received) {
    Fixture f;
    f.say(8);
    f.kept.wrote(numbered(f.pool, 9, 1));
    f.kept.give_up("ECU1");
    CHECK(f.kept.bytes() == 0);
    // The ninth frame is the daemon's own.
    CHECK(f.kept.lost_behind(received) == 10 - received - (received < 9 ? 1 : 0));
  }
}

TEST_CASE("what was acknowledged before a link was over is not lost") {
  Fixture f;
  REQUIRE(f.kept.acknowledge(5));
  f.kept.give_up("ECU1");
  CHECK(f.kept.lost_behind(5) == 3);
  CHECK(f.kept.lost_behind(8) == 0);
}
