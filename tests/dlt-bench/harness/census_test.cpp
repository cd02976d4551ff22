#include "harness/census.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>

using namespace dlt;
using namespace dlt::bench;

namespace {

const Texts texts = Texts::fixed(12);

// A stored message of producer and number, of a node and at a time of its clock.
std::vector<std::byte> stored(std::uint64_t producer, std::uint64_t number, const char* ecu = "N101",
                              std::uint32_t stamp = 0) {
  std::vector<std::byte> frame = make_standard("RUN1", producer, number, 0, texts.of(number));
  std::memcpy(frame.data() + 4, ecu, 4);
  proto::store_be(frame.data() + 12, stamp);
  std::vector<std::byte> bytes(16 + frame.size());
  std::memcpy(bytes.data(), "DLT\1", 4);
  std::copy(frame.begin(), frame.end(), bytes.begin() + 16);
  return bytes;
}

template <class... Parts>
std::vector<std::byte> file(const Parts&... parts) {
  std::vector<std::byte> all;
  (all.insert(all.end(), parts.begin(), parts.end()), ...);
  return all;
}

CensusResult census(const std::vector<std::byte>& bytes, std::vector<std::string> ecus) {
  Census c({"", "RUN1", std::move(ecus), 12});
  c.read(bytes);
  return c.result();
}

}  // namespace

TEST_CASE("different messages are counted once, those that came again apart") {
  const auto r = census(file(stored(0, 0), stored(0, 1), stored(1, 0), stored(0, 1), stored(0, 2)), {"N101", "N101"});

  CHECK(r.delivered() == 4);
  CHECK(r.again() == 1);
  CHECK(r.residents[0].delivered == 3);
  CHECK(r.residents[1].delivered == 1);
  CHECK(r.bytes == 4 * 69);
  CHECK(r.faults.empty());
}

TEST_CASE("a message after a later one, of a stranger, or under another node's id is a fault") {
  CHECK(census(file(stored(0, 1), stored(0, 0)), {""}).faults.size() == 1);
  CHECK(census(stored(3, 0), {""}).faults.size() == 1);
  CHECK(census(stored(0, 0, "N102"), {"N101"}).faults.size() == 1);
  CHECK(census(stored(0, 0, "N102"), {""}).faults.empty());
}

TEST_CASE("a clock that goes back within one life is a fault, and each life tells its own time") {
  const auto good =
      census(file(stored(0, 0, "N101", 500), stored(0, 1, "N101", 500), stored(1, 0, "N101", 10)), {"N101", "N101"});

  CHECK(good.faults.empty());
  CHECK(good.residents[0].first_stamp == 500);
  CHECK(good.residents[1].first_stamp == 10);
  CHECK(census(file(stored(0, 0, "N101", 500), stored(0, 1, "N101", 499)), {"N101"}).faults.size() == 1);
}

TEST_CASE("a file whose writer was killed is read up to the torn message, wherever it is cut") {
  const auto whole = file(stored(0, 0), stored(0, 1));
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const auto r = census({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, {"N101"});

    CHECK(r.delivered() == size / 85);
    CHECK(r.torn_bytes == size % 85);
    CHECK(r.faults.empty());
  }
}

TEST_CASE("a text that is not that of its number is a fault") {
  auto bytes = stored(0, 0);
  bytes[bytes.size() - 3] ^= std::byte{1};

  CHECK(census(bytes, {""}).faults.size() == 1);
}
