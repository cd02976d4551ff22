#include "gateway/link.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace dlt::daemon::gateway;
using std::chrono::seconds;
using State = Link::State;

namespace {

Link in(State state) {
  Link link(seconds(1), state == State::given_up ? 1 : 0);
  if (state == State::idle) return link;
  CHECK(link.connect());
  if (state == State::up) link.connected();
  if (state == State::waiting) CHECK(link.ended() == seconds(1));
  if (state == State::given_up) {
    (void)link.ended();
    CHECK(link.due());
    CHECK_FALSE(link.ended());
  }
  CHECK(link.state() == state);
  return link;
}

}  // namespace

TEST_CASE("a link goes through the states of its table") {
  struct Row {
    State from;
    State connect;
    bool begins;
    State connected;
    State ended;
    State due;
    bool due_begins;
  };
  const std::vector<Row> table{
      {State::idle, State::connecting, true, State::idle, State::idle, State::idle, false},
      {State::connecting, State::connecting, false, State::up, State::waiting, State::connecting, false},
      {State::up, State::up, false, State::up, State::waiting, State::up, false},
      {State::waiting, State::connecting, true, State::waiting, State::waiting, State::connecting, true},
      {State::given_up, State::connecting, true, State::given_up, State::given_up, State::given_up, false},
  };
  for (const Row& row : table) {
    Link link = in(row.from);
    CHECK(link.connect() == row.begins);
    CHECK(link.state() == row.connect);
    link = in(row.from);
    link.connected();
    CHECK(link.state() == row.connected);
    link = in(row.from);
    (void)link.ended();
    CHECK(link.state() == row.ended);
    link = in(row.from);
    (void)link.hindered();
    CHECK(link.state() == row.ended);
    link = in(row.from);
    CHECK(link.due() == row.due_begins);
    CHECK(link.state() == row.due);
    link = in(row.from);
    link.disconnect();
    CHECK(link.state() == State::idle);
  }
}

TEST_CASE("the time between tries doubles up to eight times the interval") {
  Link link(seconds(3), 0);
  REQUIRE(link.connect());
  std::vector<int> pauses;
  for (int i = 0; i < 100; ++i) {
    const auto pause = link.ended();
    REQUIRE(pause);
    pauses.push_back(static_cast<int>(pause->count()));
    REQUIRE(link.due());
  }
  CHECK(std::vector<int>(pauses.begin(), pauses.begin() + 6) == std::vector<int>{3, 6, 12, 24, 24, 24});
  CHECK(pauses.back() == 24);
}

TEST_CASE("a node is given up when as many tries as allowed have failed after the first one") {
  Link link(seconds(1), 2);
  REQUIRE(link.connect());
  CHECK(link.ended());
  REQUIRE(link.due());
  CHECK(link.ended());
  REQUIRE(link.due());
  CHECK_FALSE(link.ended());
  CHECK(link.state() == State::given_up);
  CHECK(link.failures() == 3);
  REQUIRE(link.connect());  // asked for again, the count begins anew
  CHECK(link.ended());
}

TEST_CASE("only a node that has said something ends the count of failed tries") {
  Link silent(seconds(1), 1);
  REQUIRE(silent.connect());
  silent.connected();
  CHECK(silent.ended());
  REQUIRE(silent.due());
  silent.connected();
  CHECK_FALSE(silent.ended());
  CHECK(silent.ever_up());

  Link good(seconds(1), 1);
  REQUIRE(good.connect());
  for (int i = 0; i < 10; ++i) {
    good.connected();
    good.spoken();
    CHECK(good.ended() == seconds(1));
    REQUIRE(good.due());
  }
}

TEST_CASE("a try that this daemon had no memory for does not count") {
  Link link(seconds(3), 1);
  REQUIRE(link.connect());
  CHECK(link.ended() == seconds(3));
  for (int i = 0; i < 10; ++i) {
    REQUIRE(link.due());
    CHECK(link.hindered() == seconds(3));
  }
  CHECK(link.failures() == 1);
  REQUIRE(link.due());
  CHECK_FALSE(link.ended());
  CHECK_FALSE(link.hindered());
}
