#include "harness/ledger.hpp"

#include <catch2/catch.hpp>

using namespace dlt::bench;

namespace {
struct Books {
  Texts texts = Texts::fixed(12);
  Ledger ledger{2, texts};
  void arrive(std::uint64_t producer, std::uint64_t sequence) {
    ledger.enter({producer, sequence, 0, texts.of(sequence)}, 69);
  }
};
}  // namespace

TEST_CASE("messages in order leave no fault, each producer for itself") {
  Books b;
  for (std::uint64_t s = 0; s < 100; ++s) b.arrive(s % 2, s / 2);

  CHECK(b.ledger.delivered() == 100);
  CHECK(b.ledger.bytes() == 6900);
  CHECK(b.ledger.faults().empty());
  CHECK(b.ledger.producers()[1].head == 50);
}

TEST_CASE("a gap is a loss and not a fault, and splits head from tail") {
  Books b;
  for (const std::uint64_t s : std::vector<std::uint64_t>{0, 1, 2, 10, 11}) b.arrive(0, s);

  const Producer& p = b.ledger.producers()[0];
  CHECK(b.ledger.faults().empty());
  CHECK(p.missing == 7);
  CHECK(p.head == 3);
  CHECK(p.tail == 2);
  CHECK(p.next == 12);
}

TEST_CASE("a duplicate is a fault and is not counted as delivered") {
  Books b;
  for (const std::uint64_t s : std::vector<std::uint64_t>{0, 1, 1}) b.arrive(0, s);

  CHECK(b.ledger.delivered() == 2);
  CHECK(b.ledger.faults().size() == 1);
}

TEST_CASE("two messages in the wrong order are a fault") {
  Books b;
  for (const std::uint64_t s : std::vector<std::uint64_t>{0, 2, 1, 3}) b.arrive(0, s);

  CHECK(b.ledger.delivered() == 3);
  CHECK(b.ledger.faults().size() == 1);
}

TEST_CASE("a torn text, a stranger and rubbish are faults") {
  Books b;
  b.ledger.enter({0, 0, 0, "not its text"}, 69);
  b.arrive(7, 0);
  b.ledger.enter_corrupt();

  CHECK(b.ledger.delivered() == 0);
  CHECK(b.ledger.faults().size() == 3);
}
