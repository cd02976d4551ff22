#include "storage/segment.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

TEST_CASE("each message gets a storage header with its time and the daemon's ECU id") {
  Pool pool;
  Segment segment("ECU7");
  FrameSpan span = numbered(pool, 5, 2);
  span.received_us = 1'700'000'000'123'456;

  segment.take(span);

  CHECK(span.size == 0);
  CHECK(span.frames == 0);
  CHECK(segment.volume().messages == 2);
  CHECK(segment.volume().bytes == 60);
  proto::ByteReader in(segment.bytes());
  for (std::uint32_t number = 5; number < 7; ++number) {
    const auto header = proto::StorageHeader::decode(in);
    REQUIRE(header);
    CHECK(header->seconds == 1'700'000'000);
    CHECK(header->microseconds == 123'456);
    CHECK(header->ecu == EcuId("ECU7"));
    CHECK(number_of(in.take(30)) == number);
  }
  CHECK(in.remaining() == 0);
}

TEST_CASE("messages of a passive node are stored under its ECU id") {
  Pool pool;
  Segment segment("ECU7");
  FrameSpan span = numbered(pool, 5, 1);
  span.ecu = "NODE";
  segment.take(span);
  FrameSpan own = numbered(pool, 6, 1);
  segment.take(own);
  proto::ByteReader in(segment.bytes());
  CHECK(proto::StorageHeader::decode(in)->ecu == EcuId("NODE"));
  in.skip(30);
  CHECK(proto::StorageHeader::decode(in)->ecu == EcuId("ECU7"));
}

TEST_CASE("a segment takes whole messages only and leaves the rest") {
  Pool pool;
  Segment segment("ECU1", 65'535 + 16);
  FrameSpan span = numbered(pool, 0, 1500, 40);  // 86 bytes each in the file

  segment.take(span);

  CHECK(segment.full());
  CHECK(segment.volume().messages == 65'551 / 86);
  CHECK(span.frames == 1500 - 65'551 / 86);
  CHECK(numbers(span.bytes()).front() == 65'551 / 86);

  segment.clear();
  segment.take(span);
  CHECK_FALSE(segment.full());
  CHECK(span.size == 0);
}

TEST_CASE("the largest frame fits the smallest segment") {
  Pool pool;
  Segment segment("ECU1", 65'535 + 16);
  FrameSpan span = numbered(pool, 0, 1, 65'535 - 30);
  segment.take(span);
  CHECK(segment.volume().messages == 1);
}
