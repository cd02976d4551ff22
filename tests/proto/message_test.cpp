#include "dlt/proto/message.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>
#include <vector>

#include "support/golden.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::test::from_hex;

namespace {

// Written by COVESA's library (Debian 2.18.8): "several", 1, true, 0.5; see golden/libdlt_writer.c.
std::vector<std::byte> several() {
  for (const auto& fields : test::read_golden("text.txt")) {
    if (fields[0] != "libdlt message 36") continue;
    auto bytes = from_hex(fields[1]);
    bytes.erase(bytes.begin(), bytes.begin() + storage_header_size);
    return bytes;
  }
  throw std::runtime_error("not in the golden file");
}

}  // namespace

TEST_CASE("a message of the incumbent's library is taken apart") {
  const auto frame = several();

  const auto m = MessageView::parse(frame);

  REQUIRE(m);
  CHECK(m->standard().ecu == EcuId("ECU1"));
  CHECK(m->standard().counter == 36);
  CHECK(m->extended().app == AppId("GOLD"));
  CHECK(m->extended().context == ContextId("TYPE"));
  CHECK(m->verbose());
  CHECK(m->type() == MessageType::log);
  CHECK(m->level() == Level::info);
  CHECK(m->payload().size() == frame.size() - 26);

  Arguments arguments = m->arguments();
  CHECK(std::get<Text>(arguments.next()->value).text == "several");
  CHECK(std::get<std::int64_t>(arguments.next()->value) == 1);
  CHECK(std::get<bool>(arguments.next()->value));
  CHECK(std::get<double>(arguments.next()->value) == 0.5);
  CHECK_FALSE(arguments.more());
}

TEST_CASE("bytes behind the announced length are left alone") {
  auto frame = several();
  const auto size = frame.size();
  frame.resize(size + 10);

  const auto m = MessageView::parse(frame);

  REQUIRE(m);
  CHECK(m->frame().size() == size);
}

TEST_CASE("a message cut at any length is truncated") {
  const auto frame = several();
  for (std::size_t n = 0; n < frame.size(); ++n) {
    const std::vector<std::byte> cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK(MessageView::parse(cut).error() == Errc::truncated);
  }
}

TEST_CASE("another version and a length below the headers are refused") {
  auto other = several();
  other[0] = std::byte{0x5d};
  CHECK(MessageView::parse(other).error() == Errc::bad_version);
  auto tiny = several();
  tiny[3] = std::byte{25};
  CHECK(MessageView::parse(tiny).error() == Errc::bad_length);
}

TEST_CASE("a message without the verbose bit has an id and data, and no arguments") {
  const auto frame = from_hex("22 00 00 0a 00 00 00 4d aa bb");
  const auto m = MessageView::parse(frame);
  REQUIRE(m);
  CHECK(m->order() == std::endian::big);
  CHECK_FALSE(m->level());
  CHECK_FALSE(m->arguments().more());
  const auto body = m->non_verbose();
  REQUIRE(body);
  CHECK(body->id == 77);
  CHECK(body->data.size() == 2);
  const auto short_frame = from_hex("20 00 00 07 01 02 03");
  const auto short_message = MessageView::parse(short_frame);
  REQUIRE(short_message);
  CHECK(short_message->non_verbose().error() == Errc::truncated);
}

TEST_CASE("control requests and responses are told apart") {
  const auto frame = from_hex("35 00 00 1a 45 43 55 31 00 00 00 01 16 01 41 50 50 00 43 4f 4e 00 13 00 00 00");
  const auto request = MessageView::parse(frame);
  REQUIRE(request);
  CHECK(request->is_control_request());
  CHECK_FALSE(request->is_control_response());
  CHECK(request->type() == MessageType::control);
  CHECK_FALSE(request->level());
}

TEST_CASE("flipped bits in a message are taken apart or refused, and never read beyond the end") {
  const auto frame = several();
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    auto bad = frame;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto m = MessageView::parse(bad);
    if (!m) continue;
    CHECK(m->frame().size() <= bad.size());
    Arguments arguments = m->arguments();
    while (arguments.more()) (void)arguments.next();
    CHECK(arguments.rest().size() <= m->payload().size());
  }
}
