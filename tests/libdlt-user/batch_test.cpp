#include "batch.hpp"

#include <catch2/catch.hpp>

#include "carry.hpp"
#include "support/frames.hpp"

using namespace dlt;
using namespace dlt::detail;
using proto::local::header_size;
using test::frame_size;

namespace {

const proto::local::Batch where{0, 3, 17, 128};

std::vector<std::byte> joined(const Batch& batch) {
  std::vector<std::byte> all;
  for (const iovec& v : batch.iovecs()) {
    const auto* from = static_cast<const std::byte*>(v.iov_base);
    all.insert(all.end(), from, from + v.iov_len);
  }
  return all;
}

}  // namespace

TEST_CASE("a range goes out behind a header that says where it comes from") {
  const auto three = test::frames(1, 3);
  Batch batch;
  batch.clear(Wire::batches);

  batch.add(where, three);

  const auto wire = joined(batch);
  CHECK(wire.size() == batch.bytes());
  std::size_t used = 0;
  const auto message = proto::local::decode(wire, used);
  REQUIRE(message);
  const auto* header = std::get_if<proto::local::Batch>(&*message);
  REQUIRE(header != nullptr);
  CHECK(header->length == three.size());
  CHECK(header->slot == 3);
  CHECK(header->chunk == 17);
  CHECK(header->offset == 128);
  CHECK(test::numbers(proto::Bytes(wire).subspan(used)) == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("for the incumbent's daemon each frame is a message of its own") {
  Batch batch;
  batch.clear(Wire::single_frames);
  batch.add(where, test::frames(7, 2));

  const auto wire = joined(batch);

  std::size_t at = 0;
  for (const std::uint64_t number : {7U, 8U}) {
    std::size_t used = 0;
    const auto message = proto::local::decode(proto::Bytes(wire).subspan(at), used);
    REQUIRE(message);
    const auto* log = std::get_if<proto::local::Log>(&*message);
    REQUIRE(log != nullptr);
    CHECK(test::numbers(log->frame) == std::vector<std::uint64_t>{number});
    at += used;
  }
  CHECK(at == wire.size());
}

TEST_CASE("what the kernel took is told range by range, at every count of bytes") {
  const auto one = test::frames(1, 1);
  const auto two = test::frames(2, 2);
  const auto wire = GENERATE(Wire::batches, Wire::single_frames);
  Batch batch;
  batch.clear(wire);
  batch.add(where, one);
  batch.add(where, two);
  const std::size_t first = wire == Wire::batches ? 24 + frame_size : header_size + frame_size;
  REQUIRE(batch.ranges() == 2);

  for (std::size_t n = 0; n <= batch.bytes(); ++n) {
    CAPTURE(n);
    const auto w = batch.written(n);
    CHECK(w.whole == (n < first ? 0U : n < batch.bytes() ? 1U : 2U));
    CHECK(w.partial == (n < first ? n : n < batch.bytes() ? n - first : 0U));
  }
}

TEST_CASE("a carried range goes on where it was cut") {
  const auto five = test::frames(1, 5);
  const auto wire = GENERATE(Wire::batches, Wire::single_frames);
  const auto image = wire_image(wire, where, five);
  Arena arena;
  REQUIRE_FALSE(arena.open(1 << 20));
  Carry carry(arena);
  carry.hold(wire, where, five, 30);

  std::vector<std::byte> rest(carry.rest().begin(), carry.rest().end());
  CHECK(rest == std::vector<std::byte>(image.begin() + 30, image.end()));
  CHECK(carry.advance(rest.size() - 1).frames == 0);
  CHECK_FALSE(carry.empty());
  const auto done = carry.advance(1);

  CHECK(done.frames == 5);
  CHECK(done.bytes == 5 * frame_size);
  CHECK(carry.empty());
}

TEST_CASE("when the connection breaks in a range, its unfinished frames go again and no finished one does") {
  const auto five = test::frames(1, 5);
  const auto wire = GENERATE(Wire::batches, Wire::single_frames);
  const std::size_t head = wire == Wire::batches ? 24 : header_size;
  const std::size_t each = wire == Wire::batches ? frame_size : header_size + frame_size;
  const std::size_t whole = wire_image(wire, where, five).size();

  Arena arena;
  REQUIRE_FALSE(arena.open(1 << 20));
  for (std::size_t cut = 1; cut < whole; ++cut) {
    CAPTURE(cut);
    Carry carry(arena);
    carry.hold(wire, where, five, cut);
    const std::size_t body = cut < head ? 0 : wire == Wire::batches ? cut - head : cut;
    const std::uint64_t finished = body / each;

    const auto done = carry.interrupt();
    REQUIRE(done.frames == finished);
    carry.resume(Wire::batches);

    std::size_t used = 0;
    const auto message = proto::local::decode(carry.rest(), used);
    REQUIRE(message);
    CHECK(std::get<proto::local::Batch>(*message).offset == where.offset + finished * frame_size);
    const auto again = test::numbers(carry.rest().subspan(used));
    REQUIRE(again.size() == 5 - finished);
    CHECK(again.front() == finished + 1);
    CHECK(again.back() == 5);
    CHECK(carry.drop().frames == 5 - finished);
  }
}
