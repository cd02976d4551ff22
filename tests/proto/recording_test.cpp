#include "dlt/proto/recording.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <string>

#include "dlt-daemon/support/wire.hpp"
#include "dlt/proto/framer.hpp"
#include "support/recorder_file.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::test::RecorderFile;

namespace {

constexpr std::uint32_t now = 1'000'000;  // 0.1 ms since boot

// A frame with this number that was made so long before `now`.
std::string frame(std::uint32_t number, std::uint32_t age, std::size_t extra = 0) {
  std::string f = test::frame(number, extra);
  store_be(f.data() + 12, now - age);
  return f;
}

Result<Recording> read(const RecorderFile& file, std::uint64_t limit = Recording::default_limit) {
  return Recording::read([&](std::uint64_t at, std::span<std::byte> into) { return file.read(at, into); }, file.size(),
                         now, limit);
}

std::vector<std::uint32_t> numbers(const Recording& r) {
  std::vector<std::uint32_t> all;
  for (const auto& e : r.entries()) all.push_back(test::number_of(r.frame(e)));
  return all;
}

using Numbers = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("rings are merged by time, and segments of a ring follow their numbers") {
  RecorderFile file;
  file.segment(0, 2, 3, frame(1, 90) + frame(2, 70));
  file.segment(0, 0, 4, frame(5, 10));
  file.segment(1, 0, 1, frame(3, 80) + frame(4, 20), 1);

  const auto r = read(file);

  REQUIRE(r);
  CHECK(numbers(*r) == Numbers{1, 3, 2, 4, 5});
  CHECK(r->entries()[1].buffer == 1);
  CHECK(r->entries()[0].age == 90);
  CHECK(r->broken() + r->overwritten() + r->left_out() == 0);
}

TEST_CASE("messages of one ring keep their order when the clock steps back, and when the counter of ticks wraps") {
  RecorderFile file;
  file.segment(0, 0, 1, frame(1, 50) + frame(2, 60) + frame(3, 40));
  file.segment(1, 0, 1, frame(4, now + 100) + frame(5, now - 100));  // before and after it began anew

  const auto r = read(file);

  REQUIRE(r);
  CHECK(numbers(*r) == Numbers{4, 5, 1, 2, 3});
  CHECK(r->entries()[0].age == now + 100);
}

TEST_CASE("a stamp a little later than now is now") {
  RecorderFile file;
  file.segment(0, 0, 1, frame(1, static_cast<std::uint32_t>(-500)));

  const auto r = read(file);

  REQUIRE(r);
  CHECK(r->entries().at(0).age == 0);
}

TEST_CASE("the newest messages of each buffer are kept, as many as the header says") {
  RecorderFile file;
  file.segment(0, 0, 1, frame(1, 90) + frame(2, 80) + frame(3, 70), 2);
  file.segment(1, 0, 1, frame(4, 60), 2);
  file.segment(2, 0, 1, frame(5, 99), 0);
  file.put64(32, 2);

  const auto r = read(file);

  REQUIRE(r);
  CHECK(numbers(*r) == Numbers{5, 3, 4});
}

TEST_CASE("a segment that is overwritten while it is read is left out and counted") {
  RecorderFile file;
  file.segment(0, 0, 1, frame(1, 90));
  file.segment(0, 1, 2, frame(2, 80));
  const std::uint64_t victim = file.at(0, 0);
  const std::uint64_t behind = GENERATE(std::uint64_t{0}, std::uint64_t{recorder::segment_header_size});
  const std::uint64_t overwrite = victim + behind;  // in front of which read

  int looks = 0;
  const auto r = Recording::read(
      [&](std::uint64_t at, std::span<std::byte> into) {
        const bool header = overwrite == victim;
        if (at == overwrite && (!header || ++looks == 2)) {  // between the two looks at the header, or at the data
          file.put32(victim, 0);
          file.put32(victim + 8, 4);
        }
        return file.read(at, into);
      },
      file.size(), now);

  REQUIRE(r);
  CHECK(numbers(*r) == Numbers{2});
  CHECK(r->overwritten() + (overwrite == victim ? 1 : 0) == 1);  // with no byte in it there is nothing to lose
}

TEST_CASE("a recorder cut at any length, or with any byte changed, is read or refused, never beyond its end") {
  RecorderFile file(2, 2, 1024);
  file.segment(0, 0, 1, frame(1, 90) + frame(2, 80));
  file.segment(1, 1, 1, frame(3, 70));
  for (std::uint64_t size = 0; size < file.size(); size += 64) {
    bool beyond = false;
    (void)Recording::read(
        [&](std::uint64_t at, std::span<std::byte> into) {
          beyond |= at > size || into.size() > size - at;
          return !beyond && file.read(at, into);
        },
        size, now);
    CHECK_FALSE((beyond && size >= recorder::first_ring + 4 * 1024));
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    RecorderFile bad = file;
    const auto where = random() % 3 == 0 ? random() % 64 : recorder::first_ring + random() % 4096;
    bad.bytes()[where] ^= static_cast<std::byte>(1U << (random() % 8));
    const auto r = read(bad);
    if (!r) continue;
    for (const auto& e : r->entries()) CHECK(whole_frame(r->frame(e)) == e.size);
  }
}

TEST_CASE("what makes no sense refuses the file, or costs its segment alone") {
  RecorderFile good;
  good.segment(0, 0, 1, frame(1, 90));
  good.segment(0, 1, 2, frame(2, 80) + "rubbish" + frame(3, 70));
  good.segment(0, 2, 2, frame(4, 60));  // a number twice
  good.segment(1, 0, 1, frame(5, 50));
  good.put32(good.at(1, 0), good.segment_size());  // more bytes than there is room

  const auto r = read(good);
  REQUIRE(r);
  CHECK(numbers(*r) == Numbers{1, 2});
  CHECK(r->broken() == 3);

  for (const auto& [at, value] : std::map<std::uint64_t, std::uint32_t>{
           {0, 0}, {8, 2}, {16, 64}, {16, 1U << 31}, {20, 1}, {20, 65}, {24, 5}, {24, 5000}, {28, 5}}) {
    RecorderFile bad = good;
    bad.put32(at, value);
    INFO(at << " " << value);
    CHECK(read(bad).error() == Errc::invalid_argument);
  }
}

TEST_CASE("beyond the limit each ring has its share, of the newest segments") {
  RecorderFile file;
  for (std::uint32_t i = 0; i < 3; ++i) file.segment(0, i, i + 1, frame(i, 90 - i, 1000));
  file.segment(1, 0, 1, frame(7, 10, 100));

  const auto r = read(file, 2 * 2100);

  REQUIRE(r);
  CHECK(numbers(*r) == Numbers{1, 2, 7});
  CHECK(r->left_out() == 1);
}
