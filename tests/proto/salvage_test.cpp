#include "dlt/proto/salvage.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "dlt-daemon/support/wire.hpp"
#include "dlt/proto/local_framer.hpp"
#include "support/arena_file.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::test::ArenaFile;
namespace layout = dlt::proto::arena;

namespace {

constexpr std::size_t frame_size = test::frame_headers + 4;

std::string frames(std::uint32_t first, std::uint32_t count) {
  std::string all;
  for (std::uint32_t i = 0; i < count; ++i) all += test::frame(first + i);
  return all;
}

// What a reader of the connection would hear.
struct Heard {
  std::vector<std::uint32_t> numbers;
  std::vector<local::Batch> batches;
  std::array<std::uint64_t, local::loss_causes> lost{};
  std::vector<local::Statistics::Entry> totals;
  std::size_t garbage = 0;
  bool refused = false;

  void frame(Bytes f, std::size_t) { numbers.push_back(test::number_of(f)); }
  void message(const local::Message& m) {
    if (const auto* b = std::get_if<local::Batch>(&m)) batches.push_back(*b);
    if (const auto* loss = std::get_if<local::Loss>(&m))
      for (std::size_t i = 0; i < loss->count(); ++i)
        lost[static_cast<std::size_t>(loss->at(i).cause)] += loss->at(i).count;
    if (const auto* s = std::get_if<local::Statistics>(&m))
      for (std::size_t i = 0; i < s->count(); ++i) totals.push_back(s->at(i));
  }
};
struct Listener {
  Heard& heard;
  void frame(Bytes f, std::size_t n) { heard.frame(f, n); }
  void message(const local::Message& m) { heard.message(m); }
  void garbage(std::size_t n) { heard.garbage += n; }
};

Heard listen(const ArenaFile& file, Salvage::Received received = {}) {
  received.app = "APP1";
  Salvage salvage([&](std::uint64_t at, std::span<std::byte> into) { return file.read(at, into); }, file.size(),
                  std::move(received));
  Heard heard;
  Listener listener{heard};
  local::LocalFramer framer;
  std::vector<std::byte> out(Salvage::out_size);
  auto step = Salvage::Step::more;
  for (int i = 0; i < 100'000 && step == Salvage::Step::more; ++i) {
    std::size_t n = 0;
    step = salvage.step(out, n);
    REQUIRE(n <= out.size());
    REQUIRE(framer.consume(Bytes(out).first(n), listener) == n);
  }
  REQUIRE(step != Salvage::Step::more);
  heard.refused = step == Salvage::Step::refused;
  return heard;
}

std::vector<std::uint32_t> range(std::uint32_t first, std::uint32_t count) {
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < count; ++i) all.push_back(first + i);
  return all;
}

// A file that has all there is: a slot with two chunks, a carry, a discarded one.
ArenaFile full_file() {
  ArenaFile file;
  file.slot(1, 2);
  file.carry(1, 1, 0, frames(0, 3));
  file.chunk(1, 2, frames(3, 5), 5);
  file.chunk(1, 3, frames(8, 4), 4);
  file.chunk(1, 1, frames(100, 2), 2, 0, 0, layout::Chunk::reclaimed);
  return file;
}

}  // namespace

TEST_CASE("an arena that nobody has sent from is salvaged whole, chunk after chunk") {
  ArenaFile file;
  file.slot(1, 2);
  file.slot(2, 3);
  file.chunk(1, 2, frames(5, 5), 5);  // not in the order of their numbers
  file.chunk(2, 1, frames(20, 3), 3);
  file.chunk(1, 1, frames(0, 5), 5);

  const Heard heard = listen(file);

  CHECK_FALSE(heard.refused);
  CHECK(heard.numbers == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 21, 22});
  REQUIRE(heard.batches.size() == 3);
  CHECK(heard.batches[1].slot == 1);
  CHECK(heard.batches[1].chunk == 2);
  REQUIRE(heard.totals.size() == 4);
  CHECK(heard.totals[2].accepted == 10);
  CHECK(heard.totals[2].delivered == 10);
  CHECK(heard.totals[3].accepted == 3);
}

TEST_CASE("what has been sent, or received, is not salvaged again, at every position") {
  ArenaFile file;
  file.slot(1, 2);
  const auto n = GENERATE(0U, 1U, 2U, 3U, 4U, 5U);
  const bool by_the_daemon = GENERATE(true, false);
  const auto bytes = static_cast<std::uint32_t>(n * frame_size);
  file.chunk(1, 7, frames(0, 5), 5, by_the_daemon ? 0 : bytes, by_the_daemon ? 0 : n);
  file.chunk(1, 6, frames(50, 5), 5, by_the_daemon ? 0U : static_cast<std::uint32_t>(5 * frame_size), 5);
  Salvage::Received received;
  if (by_the_daemon) received.positions = {{}, {7, bytes}};

  CHECK(listen(file, received).numbers == range(n, 5 - n));
}

TEST_CASE("frames that the socket took in part come from the carry, once") {
  ArenaFile file;
  file.slot(1, 2);
  const auto received = GENERATE(0U, 1U, 2U, 3U);
  const bool chunk_still_there = GENERATE(true, false);
  file.carry(1, 4, frame_size, frames(1, 3));
  if (chunk_still_there) file.chunk(1, 4, frames(0, 6), 6, frame_size, 1);
  else file.chunk(1, 5, frames(4, 2), 2);
  Salvage::Received so_far;
  so_far.positions = {{}, {4, static_cast<std::uint32_t>((1 + received) * frame_size)}};

  CHECK(listen(file, so_far).numbers == range(1 + received, 5 - received));
}

TEST_CASE("what an earlier connection took of the carry is left out") {
  ArenaFile file;
  file.slot(1, 2);
  file.carry(1, 4, 0, frames(1, 3), frame_size);

  const Heard heard = listen(file);

  CHECK(heard.numbers == range(2, 2));
  REQUIRE(heard.batches.size() == 1);
  CHECK(heard.batches[0].offset == frame_size);
}

TEST_CASE("a chunk that was overwritten stays lost and is counted once, whenever its owner died") {
  ArenaFile file;
  const auto slot = file.slot(1, 2);
  const bool counted = GENERATE(true, false);
  file.chunk(1, 1, frames(0, 5), 5, frame_size, 1, layout::Chunk::reclaimed);
  file.chunk(1, 2, frames(5, 5), 5);
  file.ledger(slot + 8, 1, 5);
  if (counted) file.ledger(slot + 56, 1, 4);

  const Heard heard = listen(file);

  CHECK(heard.numbers == range(5, 5));
  CHECK(heard.lost[static_cast<std::size_t>(local::LossCause::overwritten)] == 4);
  CHECK(heard.totals.at(2).accepted == 10);
  CHECK(heard.totals.at(2).delivered == 6);
}

TEST_CASE("a chunk that was abandoned to the sender is lost if it was counted, else it is said") {
  ArenaFile file;
  const auto slot = file.slot(1, 2);
  const bool counted = GENERATE(true, false);
  file.chunk(1, 1, frames(0, 5), 5, 0, 0, layout::Chunk::abandoned);
  file.ledger(slot + 8, 1, 5);
  if (counted) file.ledger(slot + 192, 1, 5);

  const Heard heard = listen(file);

  CHECK(heard.numbers == range(0, counted ? 0 : 5));
  CHECK(heard.lost[static_cast<std::size_t>(local::LossCause::overwritten)] == (counted ? 5 : 0));
}

TEST_CASE("a chunk that was about to be overwritten while a later one was sent is counted as lost") {
  ArenaFile file;
  const auto slot = file.slot(1, 2);
  const bool in_the_carry = GENERATE(false, true);  // the later one
  file.chunk(1, 1, frames(0, 5), 5, 2 * frame_size, 2);
  file.chunk(1, 2, frames(5, 5), 5, 0, 0, layout::Chunk::held);
  file.ledger(slot + 8, 2, 10);
  Salvage::Received received;
  if (in_the_carry) file.carry(1, 2, 0, frames(5, 1));
  else received.positions = {{}, {2, frame_size}};

  const Heard heard = listen(file, received);

  CHECK(heard.numbers == (in_the_carry ? range(5, 5) : range(6, 4)));
  CHECK(heard.lost[static_cast<std::size_t>(local::LossCause::overwritten)] == 3);
  CHECK(heard.totals.at(2).accepted == 10);
  CHECK(heard.totals.at(2).delivered == 7);
}

TEST_CASE("a chunk that came, though its sender had no time to note it, is neither lost nor said again") {
  ArenaFile file;
  file.slot(1, 2);
  file.chunk(1, 1, frames(0, 5), 5, 0, 0, layout::Chunk::held);
  file.chunk(1, 2, frames(5, 5), 5, 0, 0, layout::Chunk::held);
  Salvage::Received received;
  received.positions = {{}, {2, frame_size}};

  const Heard heard = listen(file, received);

  CHECK(heard.numbers == range(6, 4));
  CHECK(heard.lost[static_cast<std::size_t>(local::LossCause::overwritten)] == 0);
}

TEST_CASE("chunks whose numbers begin anew are said in their order, and counted once") {
  constexpr std::uint32_t last = 0xffffffff;
  constexpr std::uint64_t turn = std::uint64_t{1} << 32;
  ArenaFile file;
  const auto slot = file.slot(1, 2);
  file.ledger(slot + 8, turn + 1, 1000);  // sealed: up to number 1
  file.ledger(slot + 56, last - 2, 100);  // discarded
  file.chunk(1, 2, frames(7, 2), 2);      // open
  file.chunk(1, 1, frames(4, 3), 3);
  file.chunk(1, last, frames(1, 3), 3, 0, 0, layout::Chunk::held);
  file.chunk(1, last - 1, frames(90, 5), 5, 0, 0, layout::Chunk::reclaimed);  // not in the ledger yet
  file.chunk(1, last - 2, frames(80, 5), 5, 0, 0, layout::Chunk::reclaimed);

  const Heard all = listen(file);
  Salvage::Received received;
  received.positions = {{}, {last, frame_size}};
  const Heard rest = listen(file, received);

  REQUIRE_FALSE(all.refused);
  CHECK(all.numbers == range(1, 8));
  CHECK(all.totals.at(2).accepted == 1000 + 2);
  CHECK(all.lost[static_cast<std::size_t>(local::LossCause::overwritten)] == 100 + 5);
  CHECK(rest.numbers == range(2, 7));
}

TEST_CASE("a carry from before the numbers began anew comes first, and not when a later chunk has come") {
  ArenaFile file;
  file.ledger(file.slot(1, 2) + 8, 0xffffffff, 10);
  file.carry(1, 0xffffffff, 0, frames(1, 3));
  file.chunk(1, 1, frames(4, 2), 2);

  CHECK(listen(file).numbers == range(1, 5));
  Salvage::Received received;
  received.positions = {{}, {1, frame_size}};
  CHECK(listen(file, received).numbers == range(5, 1));
}

TEST_CASE("losses are said as far as they were not told before") {
  ArenaFile file;
  const auto slot = file.slot(1, 2);
  file.put64(slot + 104, 10);                                   // full
  file.put64(layout::buffers_at + 2 * layout::buffer_size, 3);  // told to a daemon before this one
  Salvage::Received received;
  received.losses[2][static_cast<std::size_t>(local::LossCause::full)] = 5;

  const Heard heard = listen(file, received);

  CHECK(heard.lost[static_cast<std::size_t>(local::LossCause::full)] == 2);
  CHECK(heard.totals.at(2).accepted == 10);
  CHECK(heard.totals.at(2).dropped[static_cast<std::size_t>(local::LossCause::full)] == 10);
}

TEST_CASE("a chunk whose owner died before it wrote its size is passed over") {
  ArenaFile file;
  file.slot(1, 2);
  file.put64(24, file.used() + 4 * layout::granule);
  file.chunk(1, 1, frames(0, 5), 5);
  CHECK(listen(file).numbers == range(0, 5));
}

TEST_CASE("an arena that contradicts itself is refused before its first frame") {
  ArenaFile file = full_file();
  REQUIRE(listen(file).numbers == range(0, 12));
  const std::uint64_t chunk = file.used() - 3 * layout::granule;
  struct Change {
    const char* what;
    std::uint64_t at;
    std::uint32_t value;
  };
  const auto change = GENERATE_COPY(values<Change>({
      {"magic", 0, 0},
      {"version", 8, 1},
      {"granule", 16, 4096},
      {"slots", 20, 1'000'000},
      {"used beyond the end", 28, 1},
      {"used before the first chunk", 24, 0},
      {"slot table elsewhere", 32, 0},
      {"first chunk elsewhere", 40, 1},
      {"carry too long", layout::carry_at, 0x10001},
      {"carry without end", layout::carry_at, 0xffffffff},
      {"carry more than done", layout::carry_at + 4, 0x7fffffff},
      {"carry of no slot", layout::carry_at + 8, 0xffffffff},
      {"buffer of a slot", layout::slots_at + layout::slot_size + 4, 16},
      {"more than the chunk holds", chunk, layout::granule - layout::chunk_header_size + 1},
      {"bytes without end", chunk, 0xffffffff},
      {"more frames than fit", chunk + 4, 1000},
      {"no number", chunk + 8, 0},
      {"a number twice", chunk + 8, 3},
      {"a slot that is not used", chunk + 12, 7},
      {"a slot that is not there", chunk + 12, 0xffffffff},
      {"size beyond the end", chunk + 16, 0x10000000},
      {"size of no granules", chunk + 16, 1000},
      {"size of nothing", chunk + 16, 0},
      {"sent more than there is", chunk + 64, 0xffffffff},
      {"sent more frames", chunk + 68, 1000},
  }));
  INFO(change.what);
  file.put32(change.at, change.value);

  const Heard heard = listen(file);

  CHECK(heard.refused);
  CHECK(heard.numbers.empty());
}

TEST_CASE("an arena of every other size, and one that ends at every place, is refused") {
  ArenaFile file = full_file();
  for (std::uint64_t size = 0; size < file.size(); size += 4093) {
    ArenaFile cut = file;
    cut.bytes().resize(size < 64 ? 64 : size);
    CHECK(listen(cut).refused);
  }
}

TEST_CASE("each byte of an arena's structure may be anything: nothing is said that is no frame") {
  const ArenaFile file = full_file();
  const std::uint64_t chunk = file.used() - 3 * layout::granule;
  const auto any = [&](std::uint64_t from, std::uint64_t size) {
    for (std::uint64_t at = from; at < from + size; ++at)
      for (const int flip : {0x01, 0x80, 0xff}) {
        ArenaFile changed = file;
        changed.bytes()[at] ^= std::byte(flip);
        CHECK(listen(changed).numbers.size() <= 14);
      }
  };
  any(0, layout::carry_at + 20);
  any(layout::slots_at + layout::slot_size, 8);
  any(chunk, 76);
}
