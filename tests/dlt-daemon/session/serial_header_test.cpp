#include "session/serial_header.hpp"

#include <array>
#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"
#include "session/outbox.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;
using Numbers = std::vector<std::uint32_t>;

namespace {

const std::string header("DLS\x01");
const Clock::time_point start{};

// What is left when the header before each frame is taken away; rubbish stays and makes numbers() wrong.
std::string without_headers(std::string_view bytes) {
  std::string out;
  while (bytes.starts_with(header)) {
    bytes.remove_prefix(header.size());
    const auto n = frame_length(proto::as_bytes(bytes).data());
    out += bytes.substr(0, n);
    bytes.remove_prefix(n);
  }
  return out.append(bytes);
}

std::string send(Outbox& outbox, std::size_t n) {
  std::string out;
  std::array<iovec, 4> ranges;
  while (out.size() < n && !outbox.empty()) {
    std::size_t bytes = 0;
    (void)outbox.gather(ranges, 1, bytes);
    const std::size_t step = std::min(ranges[0].iov_len, n - out.size());
    out.append(static_cast<const char*>(ranges[0].iov_base), step);
    outbox.sent(step);
  }
  return out;
}

}  // namespace

TEST_CASE("each frame gets a serial header, and the span keeps what else it says") {
  Pool pool(4096);
  SerialHeader headers(pool);
  FrameSpan span = numbered(pool, 7, 3);
  span.received_us = 5;
  span.source = 6;
  span.routed = 1000;

  const auto with = headers.before_each(span);

  REQUIRE(with.size() == 1);
  CHECK(with[0].frames == 3);
  CHECK(with[0].size == span.size + 12);
  CHECK(with[0].received_us == 5);
  CHECK(with[0].source == 6);
  CHECK(with[0].routed == 1000);
  CHECK(numbers(proto::as_bytes(without_headers(proto::as_text(with[0].bytes())))) == Numbers{7, 8, 9});
}

TEST_CASE("what does not fit the present slab goes on in the next") {
  Pool pool(150);
  SerialHeader headers(pool);
  std::string all;
  std::size_t pieces = 0;
  for (std::uint32_t i = 0; i < 50; i += 5)
    for (const FrameSpan& span : headers.before_each(numbered(pool, i, 5))) {
      ++pieces;
      all += proto::as_text(span.bytes());
    }

  const auto seen = numbers(proto::as_bytes(without_headers(all)));

  CHECK(pieces > 10);
  REQUIRE(seen.size() == 50);
  for (std::uint32_t i = 0; i < 50; ++i) CHECK(seen[i] == i);
}

TEST_CASE("what a client with serial headers was not sent goes back without them, whole frames only") {
  Pool pool(4096);
  for (std::size_t sent = 0; sent <= 6 * 34; ++sent) {
    SerialHeader headers(pool);
    Outbox outbox(Hold::Limits{.capacity = 3000, .high = 2400, .low = 1200, .limit = 50ms, .longest = 50ms},
                  SerialHeader::size);
    outbox.replay({headers.before_each(numbered(pool, 0, 2)).at(0)});
    outbox.push(headers.before_each(numbered(pool, 2, 4)).at(0), start);

    const auto out = send(outbox, sent);
    const auto unsent = outbox.take_unsent();

    const std::size_t whole = sent / 34;  // 30 bytes a message and 4 of header
    INFO(sent);
    REQUIRE(unsent.size() == 6 - whole);
    const auto left = numbers_in(unsent);
    for (std::size_t i = 0; i < left.size(); ++i) CHECK(left[i] == whole + i);
  }
}

TEST_CASE("a full outbox with serial headers drops whole messages and counts them") {
  Pool pool(4096);
  SerialHeader headers(pool);
  Outbox outbox(Hold::Limits{.capacity = 340, .high = 272, .low = 136, .limit = 50ms, .longest = 50ms},
                SerialHeader::size);
  std::uint32_t offered = 0;
  for (; offered < 40; offered += 4) {
    FrameSpan span = numbered(pool, offered, 4);
    span.source = 1;
    outbox.push(headers.before_each(span).at(0), start + 1s * offered);
  }

  const auto seen = numbers(proto::as_bytes(without_headers(send(outbox, 1 << 20))));

  CHECK(outbox.dropped().messages > 0);
  CHECK(seen.size() + outbox.dropped().messages == offered);
  CHECK(outbox.dropped_by_application().at(AppId("APP1")) == outbox.dropped().messages);
}
