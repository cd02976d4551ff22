// An outbox on a link to a gateway: what has gone out is kept, and a broken link leaves everything behind.
#include <array>
#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"
#include "session/outbox.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;
using Numbers = std::vector<std::uint32_t>;

namespace {

const Clock::time_point start{};
constexpr std::uint32_t answer_number = 1000;

struct Fixture {
  Pool pool{64 * 1024};
  Outbox outbox{Hold::Limits{.capacity = 3000, .high = 2400, .low = 1200, .limit = 50ms, .longest = 50ms}};

  void push(std::uint32_t first, std::uint32_t count) { outbox.push(numbered(pool, first, count), start); }
  FrameSpan own(std::uint32_t number) {
    FrameSpan span = numbered(pool, number, 1);
    span.own = true;
    return span;
  }
  void open(std::deque<FrameSpan> owed = {}, Unacknowledged kept = {}) {
    outbox.keep(std::move(kept), {own(answer_number)}, std::move(owed));
  }
  std::string send(std::size_t n = 1'000'000) {
    std::string out;
    std::array<iovec, 8> ranges;
    while (n > 0 && !outbox.empty()) {
      std::size_t bytes = 0;
      const auto count = outbox.gather(ranges, n, bytes);
      if (count == 0) break;
      std::string some;
      for (std::size_t i = 0; i < count; ++i)
        some.append(static_cast<const char*>(ranges[i].iov_base), ranges[i].iov_len);
      some.resize(std::min(some.size(), n));
      outbox.sent(some.size());
      n -= some.size();
      out += some;
    }
    return out;
  }
};

Numbers numbers_of(const std::string& bytes) { return numbers(proto::as_bytes(bytes)); }

}  // namespace

TEST_CASE("a link opens behind the message that has begun to go out, wherever that is, and before all others") {
  for (std::size_t gone = 0; gone < 4 * 30; ++gone) {
    Fixture f;
    f.push(0, 4);
    f.push(4, 1);
    const auto before = f.send(gone);
    f.open();
    const auto bytes_left = f.outbox.bytes();
    const auto all = before + f.send();

    const auto begun = static_cast<std::uint32_t>((gone + 29) / 30);
    Numbers expected;
    for (std::uint32_t n = 0; n < begun; ++n) expected.push_back(n);
    expected.push_back(answer_number);
    for (std::uint32_t n = begun; n < 5; ++n) expected.push_back(n);
    CHECK(numbers_of(all) == expected);
    CHECK(bytes_left == 6 * 30 - gone);
    CHECK(f.outbox.bytes() == 0);
    CHECK(f.outbox.sent().messages == 5);
    REQUIRE(f.outbox.kept() != nullptr);
    CHECK(f.outbox.kept()->written() == 5 - begun);
  }
}

TEST_CASE("what a link owes goes behind its answer and before what is new") {
  Fixture f;
  f.push(7, 2);
  f.open({numbered(f.pool, 0, 3), f.own(50), numbered(f.pool, 3, 4)});
  CHECK(numbers_of(f.send()) == Numbers{answer_number, 0, 1, 2, 50, 3, 4, 5, 6, 7, 8});
  CHECK(f.outbox.kept()->written() == 10);
}

TEST_CASE("where all of it is owed, nothing but the rest of a message that has begun goes before it") {
  for (std::size_t gone = 0; gone < 3 * 30; ++gone) {
    Fixture f;
    f.push(0, 3);
    f.push(3, 2);
    f.outbox.reply(f.own(60));
    const auto before = f.send(gone);
    f.outbox.discard();
    f.open({numbered(f.pool, 0, 5)});
    CHECK(f.outbox.kept()->written() == 0);

    Numbers expected;
    for (std::uint32_t n = 0; n < (gone + 29) / 30; ++n) expected.push_back(n);
    for (const std::uint32_t n : {answer_number, 0U, 1U, 2U, 3U, 4U}) expected.push_back(n);
    CHECK(numbers_of(before + f.send()) == expected);
    CHECK(f.outbox.bytes() == 0);
    CHECK(f.outbox.kept()->written() == 5);
  }
}

TEST_CASE("a link that breaks at any byte leaves what went out whole and what did not, each message once") {
  for (std::size_t gone = 0; gone <= 9 * 30; ++gone) {
    Fixture f;
    f.push(0, 2);
    (void)f.send(45);  // the second has begun
    f.open();
    f.push(2, 3);
    f.outbox.reply(f.own(5));
    f.push(6, 3);
    (void)f.send(gone);
    Numbers all = numbers_in(f.outbox.take_kept().take_behind(0));
    const auto unsent = numbers_in(f.outbox.unsent());
    all.insert(all.end(), unsent.begin(), unsent.end());

    const Numbers expected = gone < 15 ? Numbers{1, 2, 3, 4, 5, 6, 7, 8} : Numbers{2, 3, 4, 5, 6, 7, 8};
    CHECK(all == expected);
    CHECK(f.outbox.kept() == nullptr);
  }
}

TEST_CASE("the rest of a message that is owed anyhow is not left behind a second time") {
  for (std::size_t gone = 0; gone <= 4 * 30; ++gone) {
    Fixture f;
    f.push(0, 3);
    (void)f.send(45);
    f.outbox.discard();
    f.open({numbered(f.pool, 0, 3)});
    (void)f.send(gone);
    const auto written = numbers_in(f.outbox.take_kept().take_behind(0));
    auto all = numbers_in(f.outbox.unsent());
    all.insert(all.begin(), written.begin(), written.end());
    CHECK(all == Numbers{0, 1, 2});
    CHECK(numbers_in(f.outbox.take_unsent()).size() + written.size() == 3);
  }
}

TEST_CASE("messages can be acknowledged of a span that has gone out in part, and no others") {
  Fixture f;
  f.open();
  f.push(0, 6);
  (void)f.send(30 + 4 * 30 + 7);
  CHECK_FALSE(f.outbox.acknowledge(5));
  CHECK(f.outbox.acknowledge(3));
  CHECK(f.outbox.kept()->written() == 4);
  CHECK(f.outbox.bytes() == 2 * 30 - 7);
  const auto rest = f.send();
  CHECK(rest.size() == 2 * 30 - 7);
  CHECK(f.outbox.sent().messages == 6);
  CHECK(f.outbox.acknowledge(6));
}

TEST_CASE("nothing goes out while too much is under way") {
  Pool pool(128 * 1024);
  Outbox outbox{Hold::Limits{.capacity = 32 << 20, .high = 31 << 20, .low = 1 << 20, .limit = 50ms, .longest = 50ms}};
  outbox.keep({}, {}, {});
  for (std::uint32_t n = 0; n < 100; ++n) outbox.push(span_of(pool, frame(n, 60'000)), start);
  std::array<iovec, 8> ranges;
  std::size_t bytes = 0;
  while (outbox.gather(ranges, 1 << 20, bytes) != 0) outbox.sent(bytes);
  CHECK_FALSE(outbox.empty());
  CHECK(outbox.kept()->bytes() >= Unacknowledged::limit);
  CHECK(outbox.acknowledge(outbox.kept()->written()));
  CHECK(outbox.gather(ranges, 1 << 20, bytes) != 0);
  CHECK_FALSE(outbox.acknowledge(1000));
}

TEST_CASE("without a link nothing is kept and nothing can be acknowledged") {
  Fixture f;
  f.push(0, 3);
  (void)f.send();
  CHECK(f.outbox.kept() == nullptr);
  CHECK_FALSE(f.outbox.acknowledge(0));
}

TEST_CASE("what was owed is no reason to hold back, and goes to the backlog like what was to be sent") {
  Fixture f;
  f.open({numbered(f.pool, 0, 100)});  // more than the outbox takes of new messages
  CHECK_FALSE(f.outbox.holds(start));
  f.push(100, 1);
  CHECK(f.outbox.dropped().messages == 0);
  (void)f.send(45);
  CHECK(numbers_in(f.outbox.take_unsent()).size() == 101);
}

TEST_CASE("what becomes owed later goes behind all else, is kept like it and takes nobody's room") {
  Fixture f;
  f.open();
  f.push(0, 50);
  f.outbox.owe({numbered(f.pool, 200, 100)});
  f.push(50, 20);
  CHECK_FALSE(f.outbox.holds(start));
  CHECK(f.outbox.dropped().messages == 0);
  Numbers expected{answer_number};
  for (const auto& [first, count] : {std::pair{0U, 50U}, {200U, 100U}, {50U, 20U}})
    for (std::uint32_t n = first; n < first + count; ++n) expected.push_back(n);
  CHECK(numbers_of(f.send()) == expected);
  CHECK(f.outbox.kept()->written() == 170);
}

TEST_CASE("of a message that has begun to go out it is known where it came from, with a prefix as without one") {
  const auto prefix = GENERATE(std::size_t{0}, std::size_t{4});
  Pool pool(4096);
  Outbox outbox(Hold::Limits{.capacity = 3000, .high = 2400, .low = 1200, .limit = 50ms, .longest = 50ms}, prefix);
  std::string with;
  for (std::uint32_t n = 0; n < 10; ++n) with += std::string("DLS\x01").substr(0, prefix) + frame(n);
  FrameSpan span = span_of(pool, frame(0));
  std::memcpy(span.slab.get()->memory().data(), with.data(), with.size());
  span.size = static_cast<std::uint32_t>(with.size());
  span.frames = 10;
  span.routed = 1300;  // 1000 had been routed before it
  outbox.push(span, start);
  outbox.sent(5);
  outbox.keep({}, {}, {});
  const auto unsent = outbox.take_unsent();
  REQUIRE(numbers_in(unsent).size() == 10);
  for (const FrameSpan& s : unsent) CHECK((s.routed > 1000 && s.routed <= 1300));
}

TEST_CASE("a link's messages with a prefix are kept without it") {
  Pool pool(4096);
  Outbox outbox(Hold::Limits{.capacity = 3000, .high = 2400, .low = 1200, .limit = 50ms, .longest = 50ms}, 4);
  outbox.keep({}, {}, {});
  FrameSpan span = span_of(pool, frame(7));
  const auto with = "DLS\x01" + frame(7) + "DLS\x01" + frame(8);
  std::memcpy(span.slab.get()->memory().data(), with.data(), with.size());
  span.size = static_cast<std::uint32_t>(with.size());
  span.frames = 2;
  outbox.push(span, start);
  outbox.push(span, start);
  std::array<iovec, 8> ranges;
  std::size_t bytes = 0;
  REQUIRE(outbox.gather(ranges, with.size(), bytes) == 1);
  outbox.sent(with.size() + 34);
  CHECK(outbox.acknowledge(1));
  CHECK(numbers_in(outbox.take_kept().take_behind(1)) == Numbers{8, 7});
  CHECK(numbers_in(outbox.unsent()) == Numbers{8});
}

TEST_CASE("losses go from one connection of a link to the next, and are told there") {
  Fixture f;
  f.open();
  f.push(0, 100);
  f.push(100, 1);
  f.push(101, 2);
  REQUIRE(f.outbox.dropped().messages == 3);
  const auto losses = f.outbox.losses();
  CHECK(losses.untold == Outbox::Messages{{"APP1", 3}});

  Fixture next;
  next.push(0, 1);
  next.outbox.discard();
  next.open();
  next.outbox.go_on_with(losses);
  CHECK(next.outbox.dropped().messages == 3);
  CHECK(next.outbox.take_loss() == Outbox::Messages{{"APP1", 3}});
}
