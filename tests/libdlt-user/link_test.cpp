#include "link.hpp"

#include <catch2/catch.hpp>

using dlt::detail::Link;
using namespace std::chrono_literals;

namespace {
const Link::Clock::time_point start{1h};
}

TEST_CASE("a link goes from away over greeting to ready") {
  Link link;
  CHECK(link.state() == Link::State::away);
  CHECK(link.due(start));

  link.on_connecting(start);
  CHECK(link.state() == Link::State::connecting);
  CHECK_FALSE(link.may_send());
  link.on_connected(start);
  CHECK(link.state() == Link::State::greeting);
  CHECK_FALSE(link.may_send());
  link.on_hello();

  CHECK(link.state() == Link::State::ready);
  CHECK(link.may_send());
  CHECK(link.next() == Link::Clock::time_point::max());
}

TEST_CASE("a daemon that does not answer the greeting speaks the incumbent's protocol") {
  Link link;
  link.on_connecting(start);
  link.on_connected(start);

  CHECK_FALSE(link.on_tick(start + Link::greeting_limit - 1ms));
  CHECK(link.state() == Link::State::greeting);
  CHECK_FALSE(link.on_tick(start + Link::greeting_limit));

  CHECK(link.state() == Link::State::plain);
  CHECK(link.may_send());
}

TEST_CASE(
    "over a network an answer to the greeting may take longer, and without any it is the incumbent's all the same") {
  Link link;
  link.on_connecting(start);
  link.on_connected(start, true);

  CHECK_FALSE(link.on_tick(start + Link::greeting_limit));
  CHECK(link.state() == Link::State::greeting);
  CHECK_FALSE(link.on_tick(start + Link::network_greeting_limit));

  CHECK(link.state() == Link::State::plain);
}

TEST_CASE("over a network a daemon that has greeted once is waited for, not taken for the incumbent") {
  Link link;
  link.on_connecting(start);
  link.on_connected(start, true);
  link.on_hello();
  link.on_lost(start + 1h);
  link.on_connecting(start + 1h);
  link.on_connected(start + 1h, true);

  CHECK_FALSE(link.on_tick(start + 1h + Link::network_greeting_limit - 1ms));
  CHECK(link.on_tick(start + 1h + Link::network_greeting_limit));

  link.on_lost(start + 2h);
  CHECK(link.state() == Link::State::away);
  CHECK_FALSE(link.due(start + 2h));  // it waits as after a try that failed
}

TEST_CASE("the incumbent's FIFO is ready as soon as it is open, and tried again at once when it breaks") {
  Link link;
  link.on_connecting(start);
  link.on_plain();
  CHECK(link.state() == Link::State::plain);
  CHECK(link.may_send());
  CHECK(link.next() == Link::Clock::time_point::max());
  link.on_lost(start + 5s);
  CHECK(link.due(start + 5s));
}

TEST_CASE("a connection attempt has a limit") {
  Link link;
  link.on_connecting(start);
  CHECK_FALSE(link.on_tick(start + Link::connect_limit - 1ms));
  CHECK(link.on_tick(start + Link::connect_limit));
}

TEST_CASE("failed tries wait longer each time, up to the longest wait") {
  Link link;
  auto now = start;
  auto last = 0ms;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(link.due(now));
    link.on_connecting(now);
    link.on_lost(now);
    CHECK_FALSE(link.due(now));
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(link.next() - now);
    CHECK(wait >= last);
    CHECK(wait <= Link::longest_wait);
    last = wait;
    now = link.next();
  }
  CHECK(last == Link::longest_wait);
}

TEST_CASE("a connection that worked is tried again at once") {
  Link link;
  link.on_connecting(start);
  link.on_connected(start);
  link.on_hello();
  link.on_lost(start + 5s);
  CHECK(link.state() == Link::State::away);
  CHECK(link.due(start + 5s));
}
