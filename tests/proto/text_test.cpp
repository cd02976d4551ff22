#include "dlt/proto/text.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "support/golden.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::test::from_hex;

namespace {

// "\xNN" back to bytes.
std::string unescape(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\x") != 0) {
      bytes += text[i];
      continue;
    }
    bytes += static_cast<char>(std::to_integer<unsigned char>(from_hex(text.substr(i + 2, 2))[0]));
    i += 3;
  }
  return bytes;
}

std::string line_of(Bytes stored) {
  ByteReader in(stored);
  const auto storage = StorageHeader::decode(in);
  REQUIRE(storage);
  const auto message = MessageView::parse(in.rest());
  REQUIRE(message);
  return to_line(*message, Reception{*storage, 0});
}

std::string payload_in(const std::string& line) {
  const auto from = line.find('[');
  return line.substr(from + 1, line.rfind(']') - from - 1);
}

}  // namespace

TEST_CASE("each golden frame is printed as the incumbent prints it") {
  int lines = 0;
  for (const auto& fields : test::read_golden("text.txt")) {
    if (fields.size() != 3) continue;
    INFO(fields[0]);
    CHECK(line_of(from_hex(fields[1])) == unescape(fields[2]));
    ++lines;
  }
  CHECK(lines > 600);
}

TEST_CASE("where the incumbent prints rubbish the value is printed") {
  int lines = 0;
  for (const auto& fields : test::read_golden("text.txt")) {
    if (fields.size() != 4) continue;
    INFO(fields[0]);
    const auto ours = line_of(from_hex(fields[1]));
    const auto theirs = unescape(fields[2]);
    CHECK(payload_in(ours) == unescape(fields[3]).substr(1));
    CHECK(payload_in(ours) != payload_in(theirs));
    CHECK(ours.substr(0, ours.find('[')) == theirs.substr(0, theirs.find('[')));
    ++lines;
  }
  CHECK(lines == 16);
}

TEST_CASE("the shown time moves with the offset from UTC") {
  std::array<std::byte, 4> frame{std::byte{0x20}, std::byte{0}, std::byte{0}, std::byte{4}};
  const auto message = MessageView::parse(frame);
  REQUIRE(message);

  const StorageHeader storage{1700000000, 5, "ECU9"};

  CHECK(to_line(*message, {storage, 3600}) ==
        "2023/11/14 23:13:20.000005 ---------- 000 ECU9 ---- ---- --- --- N - [0, ]");
  CHECK(to_line(*message, {storage, -80000}).substr(0, 19) == "2023/11/14 00:00:00");
}

TEST_CASE("every golden frame cut at any length is printed or refused, never overrun") {
  for (const auto& fields : test::read_golden("text.txt")) {
    const auto stored = from_hex(fields[1]);
    if (stored.size() > 400) continue;
    for (std::size_t n = storage_header_size; n < stored.size(); ++n) {
      const std::vector<std::byte> cut(stored.begin() + storage_header_size,
                                       stored.begin() + static_cast<std::ptrdiff_t>(n));
      CHECK(MessageView::parse(cut).error() == Errc::truncated);
    }
    // The same with a length field that admits the cut, so that the cut falls into headers and arguments.
    for (std::size_t n = storage_header_size + headers_size(std::to_integer<std::uint8_t>(stored[16]));
         n < stored.size(); ++n) {
      std::vector<std::byte> cut(stored.begin() + storage_header_size, stored.begin() + static_cast<std::ptrdiff_t>(n));
      store_be(cut.data() + 2, static_cast<std::uint16_t>(cut.size()));
      const auto message = MessageView::parse(cut);
      REQUIRE(message);
      CHECK_FALSE(to_line(*message, {}).empty());
    }
  }
}
