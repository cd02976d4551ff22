#include "route/slab.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace dlt::daemon;

TEST_CASE("a slab that nobody holds is handed out again") {
  Pool pool(4096, 2);
  SlabRef first = pool.take();
  Slab* const slab = first.get();
  first = {};

  CHECK(pool.take().get() == slab);
  CHECK(pool.slabs() == 1);
}

TEST_CASE("a pool keeps no more idle slabs than its limit") {
  Pool pool(4096, 2);
  {
    std::vector<SlabRef> many;
    for (int i = 0; i < 10; ++i) many.push_back(pool.take());
    CHECK(pool.slabs() == 10);
  }
  CHECK(pool.slabs() == 2);
}

TEST_CASE("a slab is unique only while one reference exists") {
  Pool pool(4096);
  SlabRef a = pool.take();
  CHECK(a.unique());
  {
    const SlabRef b = a;
    CHECK_FALSE(a.unique());
  }
  CHECK(a.unique());
  const SlabRef moved = std::move(a);
  CHECK(moved.unique());
}

TEST_CASE("references may be dropped on another thread") {
  Pool pool(4096, 4);
  for (int round = 0; round < 200; ++round) {
    SlabRef mine = pool.take();
    std::thread other([theirs = mine] { (void)theirs; });
    mine = {};
    other.join();
  }
  CHECK(pool.slabs() <= 4);
}
