#include "session/sieve.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using Numbers = std::vector<std::uint32_t>;

namespace {

struct Fixture {
  Pool pool{4096};
  Sieve sieve;

  explicit Fixture(std::string_view rules) : sieve(pool, parsed(rules)) {}
  static FilterRules parsed(std::string_view rules) {
    FilterRules out;
    REQUIRE_FALSE(out.add_lines(rules));
    return out;
  }
  // The numbers of those of the frames that pass.
  Numbers pass(const std::string& frames) {
    const FrameSpan some = sieve.apply(span_of(pool, frames));
    const auto out = numbers(some.bytes());
    CHECK(out.size() == some.frames);
    return some.size == 0 ? Numbers{} : out;
  }
};

std::string of_level(std::uint32_t number, unsigned level) {
  auto f = frame(number);
  f[16] = static_cast<char>(level << 4 | 1);
  return f;
}

}  // namespace

TEST_CASE("a span of which everything passes is passed on as it is") {
  Fixture f("APP1");
  const FrameSpan span = span_of(f.pool, frame(0) + frame(1));
  const FrameSpan same = f.sieve.apply(span);
  CHECK(same.data == span.data);
  CHECK(same.frames == 2);
  CHECK(f.sieve.held_back() == 0);
}

TEST_CASE("what passes keeps its order, and the rest is counted") {
  Fixture f("APP1:*\n!APP1:NOIS");
  std::string frames;
  for (std::uint32_t i = 0; i < 30; ++i)
    frames += i % 3 == 0 ? frame(i, i % 5) : i % 3 == 1 ? frame(i, i % 7, "APP1", "NOIS") : frame(i, i % 2, "OTHR");
  CHECK(f.pass(frames) == Numbers{0, 3, 6, 9, 12, 15, 18, 21, 24, 27});
  CHECK(f.sieve.held_back() == 20);
  CHECK(f.pass(frame(1, 0, "OTHR")).empty());
}

TEST_CASE("what passes keeps where and when it came") {
  Fixture f("APP1");
  FrameSpan span = span_of(f.pool, frame(0, 0, "OTHR") + frame(1));
  span.received_us = 5;
  span.source = 6;
  span.routed = 7;
  const FrameSpan some = f.sieve.apply(span);
  CHECK(some.received_us == 5);
  CHECK(some.source == 6);
  CHECK(some.routed == 7);
}

TEST_CASE("levels decide message by message, also in one context") {
  Fixture at_most("::warn");
  Fixture exactly("::=debug");
  std::string frames;
  for (std::uint32_t level = 1; level <= 6; ++level) frames += of_level(level, level);
  CHECK(at_most.pass(frames) == Numbers{1, 2, 3});
  CHECK(exactly.pass(frames) == Numbers{5});
  auto trace = frame(9);
  trace[16] = 0x15;
  CHECK(at_most.pass(trace).empty());
  CHECK(Fixture("APP1").pass(trace) == Numbers{9});
}

TEST_CASE("ids that share a slot of the memory are not taken for each other") {
  Fixture f("AA*");
  for (std::uint32_t i = 0; i < 5000; ++i) {
    char app[5] = {i % 2 == 0 ? 'A' : 'B', 'A', static_cast<char>('0' + i / 70 % 70), static_cast<char>('0' + i % 70),
                   0};
    CHECK(f.pass(frame(i, 0, AppId(app))).size() == (i % 2 == 0 ? 1U : 0U));
  }
}

TEST_CASE("what the daemon says itself passes any filter, and more than a slab of messages too") {
  Fixture f("NONE");
  FrameSpan own = span_of(f.pool, frame(1));
  own.own = true;
  CHECK(f.sieve.apply(own).frames == 1);

  Fixture half("APP1");
  for (std::uint32_t round = 0; round < 100; ++round) {
    std::string frames;
    for (std::uint32_t i = 0; i < 40; ++i) frames += frame(i, 60, i % 2 == 0 ? "APP1" : "OTHR");
    CHECK(half.pass(frames).size() == 20);
  }
}
