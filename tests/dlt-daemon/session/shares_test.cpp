#include "session/shares.hpp"

#include <catch2/catch.hpp>

using dlt::daemon::Shares;

TEST_CASE("who has most pays, who asks counts with what it wants") {
  Shares shares;
  shares.add(1, 100);
  shares.add(2, 300);
  shares.add(3, 50);

  CHECK(shares.charge(3, 10) == 2);
  CHECK(shares.charge(3, 300) == 3);
  CHECK(shares.charge(4, 301) == 4);
}

TEST_CASE("who asks pays where another has as much") {
  Shares shares;
  shares.add(1, 100);
  shares.add(2, 100);
  CHECK(shares.charge(2, 0) == 2);
}

TEST_CASE("what has gone out is not counted any more") {
  Shares shares;
  shares.add(1, 300);
  shares.add(2, 100);
  shares.remove(1, 250);
  CHECK(shares.charge(3, 1) == 2);
}

TEST_CASE("who was charged stays charged until all is cleared") {
  Shares shares;
  shares.activate();
  shares.add(1, 100);
  CHECK_FALSE(shares.charged(1));
  CHECK(shares.charge(2, 1) == 1);
  shares.remove(1, 100);
  CHECK(shares.charged(1));
  CHECK_FALSE(shares.charged(2));
  shares.clear();
  CHECK_FALSE(shares.charged(1));
  CHECK_FALSE(shares.active());
}
