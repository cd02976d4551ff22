#include "atomic_writes.hpp"

#include <catch2/catch.hpp>

#include <array>

#include "batch.hpp"
#include "support/frames.hpp"

using namespace dlt;
using namespace dlt::detail;
using proto::local::header_size;

namespace {

// Log messages with frames of these sizes, numbered from 1.
std::vector<std::byte> messages(const std::vector<std::size_t>& sizes, std::uint64_t first = 1) {
  std::vector<std::byte> all;
  for (const std::size_t size : sizes) {
    const auto image = wire_image(Wire::single_frames, {}, test::frames(first++, 1, size));
    all.insert(all.end(), image.begin(), image.end());
  }
  return all;
}

iovec piece(std::vector<std::byte>& bytes) { return {bytes.data(), bytes.size()}; }

// The numbers of the frames in each write, as a reader of the pipe would find them.
std::vector<std::vector<std::uint64_t>> written(AtomicWrites& writes) {
  std::vector<std::vector<std::uint64_t>> all;
  for (auto one = writes.next(); !one.empty(); one = writes.next()) {
    std::vector<std::byte> bytes;
    for (const iovec& v : one) {
      const auto* from = static_cast<const std::byte*>(v.iov_base);
      bytes.insert(bytes.end(), from, from + v.iov_len);
    }
    CHECK(bytes.size() == writes.bytes());
    CHECK(bytes.size() <= AtomicWrites::longest);
    std::vector<std::uint64_t> found;
    std::size_t used = 0;
    for (proto::Bytes rest(bytes); !rest.empty(); rest = rest.subspan(used)) {
      const auto message = proto::local::decode(rest, used);
      REQUIRE(message);
      const auto* log = std::get_if<proto::local::Log>(&*message);
      if (log != nullptr) found.push_back(proto::load_le<std::uint64_t>(log->frame.data() + 26));
    }
    all.push_back(found);
  }
  return all;
}

}  // namespace

TEST_CASE("writes are whole messages, as many as the kernel keeps together") {
  auto bytes = messages({1000, 1000, 1000, 1000, 1000, 40});
  const iovec one = piece(bytes);
  AtomicWrites writes(std::span(&one, 1));

  CHECK(written(writes) == std::vector<std::vector<std::uint64_t>>{{1, 2, 3, 4}, {5, 6}});
  CHECK(writes.moved() == bytes.size());
  CHECK(writes.passed_over() == 0);
}

TEST_CASE("what lies in several pieces goes in one write, up to its limit in pieces") {
  std::vector<std::vector<std::byte>> kept;
  std::vector<iovec> pieces;
  for (std::uint64_t i = 1; i <= AtomicWrites::max_pieces + 2; ++i) kept.push_back(messages({40}, i));
  for (auto& k : kept) pieces.push_back(piece(k));
  AtomicWrites writes(pieces);

  const auto found = written(writes);

  REQUIRE(found.size() == 2);
  CHECK(found[0].size() == AtomicWrites::max_pieces);
  CHECK(found[1] == std::vector<std::uint64_t>{AtomicWrites::max_pieces + 1, AtomicWrites::max_pieces + 2});
}

TEST_CASE("a message of exactly the limit goes, one byte more is passed over and counted") {
  auto bytes = messages({AtomicWrites::longest_frame, AtomicWrites::longest_frame + 1, 40, 9000});
  const iovec one = piece(bytes);
  AtomicWrites writes(std::span(&one, 1));

  CHECK(written(writes) == std::vector<std::vector<std::uint64_t>>{{1}, {3}});
  CHECK(writes.passed_over() == 2);
  CHECK(writes.moved() == bytes.size());
}

TEST_CASE("what was written before a refusal is told up to the end of a message") {
  auto first = messages({9000, 2000, 2000});
  auto second = messages({3000, 3000}, 4);
  const std::array<iovec, 2> pieces{piece(first), piece(second)};
  AtomicWrites writes(pieces);

  REQUIRE_FALSE(writes.next().empty());
  CHECK(writes.moved() == header_size + 9000);
  REQUIRE_FALSE(writes.next().empty());
  CHECK(writes.moved() == first.size());
  REQUIRE_FALSE(writes.next().empty());
  CHECK(writes.moved() == first.size() + header_size + 3000);
  CHECK(writes.next().empty());
  CHECK(writes.moved() == first.size() + second.size());
}

TEST_CASE("messages of other kinds are not torn either") {
  std::vector<std::byte> bytes(20'000);
  proto::ByteWriter out(bytes);
  const std::string description(200, 'd');
  for (int i = 0; i < 50; ++i)
    proto::local::encode(out, proto::local::RegisterContext{"APP1", "CTX1", i, -2, -2, 7, description});
  bytes.resize(out.size());
  const iovec one = piece(bytes);
  AtomicWrites writes(std::span(&one, 1));

  const auto found = written(writes);

  CHECK(found.size() == 3);  // 17 of 230 bytes fit a write
  CHECK(writes.moved() == bytes.size());
}

TEST_CASE("frames that do not fit a write are found among others") {
  auto frames = test::frames(1, 3);
  const auto long_one = test::frames(4, 1, AtomicWrites::longest_frame + 1);
  frames.insert(frames.end(), long_one.begin(), long_one.end());
  const auto longest = test::frames(5, 1, AtomicWrites::longest_frame);
  frames.insert(frames.end(), longest.begin(), longest.end());

  const Oversized found = oversized(frames);

  CHECK(found.frames == 1);
  CHECK(found.bytes == AtomicWrites::longest_frame + 1);
  CHECK(oversized({}).frames == 0);
}
