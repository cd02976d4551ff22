#include "session/outbox.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;
using Numbers = std::vector<std::uint32_t>;

namespace {

const Clock::time_point start{};

struct Fixture {
  Pool pool{4096};
  Outbox outbox{Hold::Limits{.capacity = 300, .high = 240, .low = 120, .limit = 50ms, .longest = 50ms}};

  void push(std::uint32_t first, std::uint32_t count, Clock::time_point now = start) {
    outbox.push(numbered(pool, first, count), now);  // 30 bytes a message
  }
  // Sends at most n bytes and returns them.
  std::string send(std::size_t n) {
    std::string out;
    std::array<iovec, 4> ranges;
    while (n > 0 && !outbox.empty()) {
      std::size_t bytes = 0;
      const auto count = outbox.gather(ranges, n, bytes);
      REQUIRE(count > 0);
      std::string some;
      for (std::size_t i = 0; i < count; ++i)
        some.append(static_cast<const char*>(ranges[i].iov_base), ranges[i].iov_len);
      CHECK(some.size() == bytes);
      some.resize(std::min(some.size(), n));
      outbox.sent(some.size());
      n -= some.size();
      out += some;
    }
    return out;
  }
};

FrameSpan own(FrameSpan span) {
  span.own = true;
  return span;
}

}  // namespace

TEST_CASE("an outbox sends what it was given, in order, whatever the socket takes") {
  for (std::size_t step = 1; step <= 200; ++step) {
    Fixture f;
    f.push(0, 2);
    f.push(2, 1);
    f.push(3, 3);

    std::string all;
    while (!f.outbox.empty()) all += f.send(step);

    CHECK(numbers(proto::as_bytes(all)) == Numbers{0, 1, 2, 3, 4, 5});
    CHECK(f.outbox.sent().messages == 6);
    CHECK(f.outbox.bytes() == 0);
  }
}

TEST_CASE("a full outbox drops whole spans, counts them, and tells once it is empty") {
  Fixture f;
  f.push(0, 10);
  f.push(10, 1);
  f.push(11, 2);
  CHECK(f.outbox.dropped().messages == 3);
  CHECK(f.outbox.take_loss() == 0);

  CHECK(f.send(299).size() == 299);
  f.push(13, 1);
  CHECK(f.outbox.dropped().messages == 4);
  CHECK(f.send(1).size() == 1);

  CHECK(f.outbox.take_loss() == 4);
  CHECK(f.outbox.take_loss() == 0);
  f.push(14, 1);
  CHECK(numbers(proto::as_bytes(f.send(1000))) == Numbers{14});
}

TEST_CASE("an outbox holds back when nearly full, and drops when that lasts too long") {
  Fixture f;
  f.push(0, 8);
  CHECK(f.outbox.holds(start + 49ms));
  CHECK_FALSE(f.outbox.holds(start + 50ms));
  f.push(8, 1, start + 50ms);
  CHECK(f.outbox.dropped().messages == 1);
}

TEST_CASE("an outbox that drains in time loses nothing") {
  Fixture f;
  f.push(0, 8);
  CHECK(f.outbox.holds(start));
  CHECK(f.send(120).size() == 120);
  CHECK_FALSE(f.outbox.holds(start));
  f.push(8, 1, start + 1s);
  CHECK(f.outbox.dropped().messages == 0);
}

TEST_CASE("replies are kept when messages are dropped, and do not end the dropping early") {
  Fixture f;
  f.push(0, 10);
  f.push(10, 1);
  f.outbox.reply(own(numbered(f.pool, 99, 1)));
  CHECK(f.outbox.reply_bytes() == 30);
  CHECK(f.send(300).size() == 300);
  CHECK(f.outbox.take_loss() == 0);
  CHECK(numbers(proto::as_bytes(f.send(1000))) == Numbers{99});
  CHECK(f.outbox.take_loss() == 1);
  CHECK(f.outbox.sent().messages == 10);
}

TEST_CASE("notices that do not fit are not counted as lost messages") {
  Fixture f;
  f.push(0, 10);
  f.outbox.push(own(numbered(f.pool, 99, 1)), start);
  CHECK(f.outbox.dropped().messages == 0);
}

TEST_CASE("what is replayed does not count against the capacity") {
  Fixture f;
  f.outbox.replay({numbered(f.pool, 0, 100)});
  f.push(100, 7);
  CHECK_FALSE(f.outbox.holds(start));
  CHECK(f.outbox.dropped().messages == 0);
  CHECK(numbers(proto::as_bytes(f.send(100'000))).size() == 107);
}

TEST_CASE("what is left at the end begins with the message that was not sent whole") {
  for (std::size_t gone = 0; gone < 150; ++gone) {
    Fixture f;
    f.outbox.replay({numbered(f.pool, 0, 2)});
    f.push(2, 3);
    f.outbox.reply(own(numbered(f.pool, 99, 1)));
    CHECK(f.send(gone).size() == gone);

    std::size_t replayed = 0;
    const auto unsent = f.outbox.take_unsent(replayed);

    Numbers expected;
    for (auto i = static_cast<std::uint32_t>(gone / 30); i < 5; ++i) expected.push_back(i);
    CHECK(numbers_in(unsent) == expected);
    CHECK(replayed == (gone < 60 ? 1 : 0));
    CHECK(f.outbox.empty());
  }
}
