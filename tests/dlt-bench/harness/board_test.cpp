#include "harness/board.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace dlt::bench;

TEST_CASE("what one side writes on the board the other one reads") {
  const BoardMemory holder;
  const BoardMemory held(holder.path());

  raise(holder->asked, 3);
  held->tallies[1].count(true);
  held->tallies[1].count(false);

  CHECK(await(held->asked, 3, Seconds(60)));
  CHECK_FALSE(await(held->asked, 4, Seconds(0.01)));
  CHECK(holder->tallies[1].calls == 2);
  CHECK(holder->tallies[1].taken == 1);
}

TEST_CASE("a raised word wakes who waits for it") {
  const BoardMemory board;
  bool woken = false;

  std::thread waiting([&] { woken = await(board->done, 1, Seconds(60)); });
  raise(board->done, 1);
  waiting.join();

  CHECK(woken);
}
