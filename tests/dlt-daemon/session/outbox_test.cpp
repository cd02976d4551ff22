#include "session/outbox.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <map>

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
  // Likewise, from another connection and application.
  void push_of(AppId app, std::uint32_t source, std::uint32_t first, std::uint32_t count,
               Clock::time_point now = start) {
    std::string frames;
    for (std::uint32_t i = 0; i < count; ++i) frames += frame(first + i, 0, app);
    FrameSpan span = span_of(pool, frames);
    span.source = source;
    outbox.push(span, now);
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
  CHECK(f.outbox.take_loss().empty());

  CHECK(f.send(299).size() == 299);
  f.push(13, 1);
  CHECK(f.outbox.dropped().messages == 4);
  CHECK(f.send(1).size() == 1);

  CHECK(f.outbox.take_loss() == Outbox::Messages{{"APP1", 4}});
  CHECK(f.outbox.take_loss().empty());
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
  CHECK(f.outbox.take_loss().empty());
  CHECK(numbers(proto::as_bytes(f.send(1000))) == Numbers{99});
  CHECK(f.outbox.take_loss() == Outbox::Messages{{"APP1", 1}});
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

    const auto unsent = f.outbox.take_unsent();

    Numbers expected;
    for (auto i = static_cast<std::uint32_t>(gone / 30); i < 5; ++i) expected.push_back(i);
    CHECK(numbers_in(unsent) == expected);
    CHECK(f.outbox.empty());
  }
}

TEST_CASE("at a full outbox the connection that has most of it pays, the others lose nothing") {
  Fixture f;
  f.push_of("SPAM", 1, 0, 4);
  f.push_of("GOOD", 2, 100, 1);
  f.push_of("SPAM", 1, 4, 3);
  f.push_of("SPAM", 1, 7, 3);    // no room
  f.push_of("GOOD", 2, 101, 1);  // its room is made by taking the newest back
  f.push_of("SPAM", 1, 10, 1);   // has been charged
  f.push_of("OTHR", 3, 200, 1);

  CHECK(f.outbox.dropped_by_application() == Outbox::Messages{{"SPAM", 8}});
  CHECK(f.outbox.dropped().messages == 8);
  CHECK(f.outbox.dropped().bytes == 8 * 30);
  CHECK(numbers(proto::as_bytes(f.send(10'000))) == Numbers{0, 1, 2, 100, 101, 200});
  CHECK(f.outbox.take_loss() == Outbox::Messages{{"SPAM", 8}});

  f.push_of("SPAM", 1, 11, 1);  // all is forgiven
  CHECK(numbers(proto::as_bytes(f.send(10'000))) == Numbers{11});
  CHECK(f.outbox.sent().messages == 7);
}

TEST_CASE("a time of dropping settles everything; after it the outbox is again as far as what it has sent") {
  Fixture f;
  std::uint64_t routed = 0;
  const auto push = [&](std::uint32_t source, std::uint32_t first, std::uint32_t count) {
    FrameSpan span = numbered(f.pool, first, count);
    span.source = source;
    span.routed = routed += span.size;
    f.outbox.push(span, start);
  };
  push(1, 0, 4);
  push(2, 100, 1);
  push(1, 4, 3);
  CHECK(f.outbox.settled() == 0);
  CHECK(f.send(4 * 30 + 10).size() == 4 * 30 + 10);
  CHECK(f.outbox.settled() == 4 * 30);

  push(1, 7, 10);                                           // no room: dropping
  for (std::uint32_t n = 101; n < 106; ++n) push(2, n, 1);  // for which the other's are taken back
  CHECK(f.outbox.dropped().messages > 10);
  CHECK(f.outbox.settled() == Sink::all_settled);
  f.send(10'000);
  CHECK(f.outbox.settled() == Sink::all_settled);

  const std::uint64_t before = routed;
  push(1, 20, 2);
  push(2, 200, 1);
  CHECK(f.outbox.settled() == before);
  CHECK(f.send(59).size() == 59);
  CHECK(f.outbox.settled() == before);
  CHECK(f.send(1).size() == 1);
  CHECK(f.outbox.settled() == before + 60);
  CHECK(f.send(30).size() == 30);
  CHECK(f.outbox.settled() == Sink::all_settled);
}

TEST_CASE("of a span that is being sent the message that has begun is kept, whatever of it has gone") {
  for (std::size_t gone = 0; gone < 240; ++gone) {
    INFO(gone << " bytes have gone");
    Fixture f;
    f.push_of("SPAM", 1, 0, 8);
    const std::string begun = f.send(gone);
    f.push_of("SPAM", 1, 8, 10);  // no room: dropping
    f.push_of("GOOD", 2, 100, 1);
    f.push_of("GOOD", 2, 101, 1);
    f.push_of("GOOD", 2, 102, 1);

    const auto all = numbers(proto::as_bytes(begun + f.send(10'000)));
    CHECK(std::count_if(all.begin(), all.end(), [](auto n) { return n >= 100; }) == 3);
    CHECK(std::is_sorted(all.begin(), all.end()));
    CHECK(f.outbox.sent().messages == all.size());
    CHECK(f.outbox.sent().messages + f.outbox.dropped().messages == 21);
    CHECK(f.outbox.dropped_by_application() == Outbox::Messages{{"SPAM", f.outbox.dropped().messages}});
    CHECK(f.outbox.bytes() == 0);
  }
}

TEST_CASE("connections that all want more than there is lose much alike, and the books close") {
  Fixture f;
  std::map<std::uint32_t, std::uint32_t> next;
  std::string all;
  for (int round = 0; round < 300; ++round) {
    for (const std::uint32_t source : {1U, 2U, 3U}) f.push_of("APP1", source, source * 10'000 + next[source]++, 1);
    all += f.send(30);  // a third of it
    CHECK(f.outbox.bytes() <= 300);
  }
  all += f.send(10'000);
  std::map<std::uint32_t, std::uint32_t> got;
  std::map<std::uint32_t, std::uint32_t> last;
  for (const auto n : numbers(proto::as_bytes(all))) {
    CHECK(n > last[n / 10'000]);
    last[n / 10'000] = n;
    ++got[n / 10'000];
  }
  for (const std::uint32_t source : {1U, 2U, 3U}) CHECK(got[source] > 50);
  CHECK(f.outbox.sent().messages + f.outbox.dropped().messages == 900);
  CHECK(got[1] + got[2] + got[3] == f.outbox.sent().messages);
}

TEST_CASE("messages without ids, and of more applications than are told apart, are counted in one") {
  Fixture f;
  f.push(0, 10);
  for (std::uint32_t i = 0; i < 2 * Outbox::max_applications; ++i) {
    const char id[] = {static_cast<char>('A' + i % 26), static_cast<char>('A' + i / 26 % 26),
                       static_cast<char>('A' + i / 676), 0};
    f.push_of(AppId(id), 0, i, 1);
  }
  const auto& by = f.outbox.dropped_by_application();
  CHECK(by.size() == Outbox::max_applications + 1);
  CHECK(by.at({}) == Outbox::max_applications);
}
