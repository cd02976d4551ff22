#include "session/read_buffer.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace dlt;
using namespace dlt::daemon;

namespace {

// Receives `text` behind what is carried and returns everything that then lies there.
proto::Bytes receive(ReadBuffer& buffer, proto::Bytes carried, std::string_view text) {
  const auto room = buffer.room(carried);
  REQUIRE(room.free >= text.size());
  std::memcpy(room.begin + room.carried, text.data(), text.size());
  buffer.received(text.size());
  return {room.begin, room.carried + text.size()};
}

}  // namespace

TEST_CASE("what is carried stands in front of what is received") {
  Pool pool(256 * 1024);
  ReadBuffer buffer(pool);
  auto bytes = receive(buffer, {}, "abcdef");
  bytes = receive(buffer, bytes.subspan(4), "ghi");
  CHECK(proto::as_text(bytes) == "efghi");
}

TEST_CASE("a slab that nobody refers to is filled from its front again") {
  Pool pool(256 * 1024);
  ReadBuffer buffer(pool);
  const auto* first = receive(buffer, {}, "abc").data();
  const auto* second = receive(buffer, {}, "def").data();
  CHECK(first == second);
  CHECK(pool.slabs() == 1);
}

TEST_CASE("bytes that somebody refers to are never written again") {
  Pool pool(256 * 1024);
  ReadBuffer buffer(pool);
  std::vector<std::pair<SlabRef, proto::Bytes>> kept;
  for (int i = 0; i < 40; ++i) {
    const auto bytes = receive(buffer, {}, std::string(20'000, static_cast<char>('a' + i % 26)));
    kept.emplace_back(buffer.slab(), bytes);
  }
  for (int i = 0; i < 40; ++i)
    CHECK(proto::as_text(kept[static_cast<std::size_t>(i)].second) ==
          std::string(20'000, static_cast<char>('a' + i % 26)));
  CHECK(pool.slabs() > 1);
}

TEST_CASE("what is carried survives the change to another slab") {
  Pool pool(256 * 1024);
  ReadBuffer buffer(pool);
  std::vector<SlabRef> kept;
  proto::Bytes carried;
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    const auto bytes = receive(buffer, carried, std::string(20'000, static_cast<char>('a' + i % 26)));
    if (i > 0) CHECK(proto::as_text(bytes.first(7)) == expected);
    kept.push_back(buffer.slab());
    carried = bytes.subspan(bytes.size() - 7);
    expected = proto::as_text(carried);
  }
}

TEST_CASE("bytes carried from elsewhere are copied in") {
  Pool pool(256 * 1024);
  ReadBuffer buffer(pool);
  const std::string elsewhere(70'000, 'z');
  const auto bytes = receive(buffer, proto::as_bytes(elsewhere), "end");
  CHECK(proto::as_text(bytes) == elsewhere + "end");
}
