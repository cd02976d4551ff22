#include "dlt/proto/header.hpp"

#include <catch2/catch.hpp>

#include <vector>

#include "support/golden.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::test::from_hex;
using dlt::test::to_hex;

TEST_CASE("headers of every golden frame decode and encode to the same bytes") {
  for (const auto& fields : test::read_golden("text.txt")) {
    INFO(fields[0]);
    const auto bytes = from_hex(fields[1]);
    ByteReader in(bytes);
    const auto storage = StorageHeader::decode(in);
    const auto standard = StandardHeader::decode(in);
    REQUIRE(storage);
    REQUIRE(standard);
    CHECK(standard->length == bytes.size() - storage_header_size);
    CHECK(standard->size() == in.position() - storage_header_size);
    std::vector<std::byte> again(storage_header_size + headers_size(standard->htyp));
    ByteWriter out(again);
    storage->encode(out);
    standard->encode(out);
    if ((standard->htyp & htyp::extended_header) != 0) {
      const auto extended = ExtendedHeader::decode(in);
      REQUIRE(extended);
      extended->encode(out);
    }
    CHECK(out.size() == again.size());
    CHECK(to_hex(again) == to_hex(Bytes(bytes).first(again.size())));
  }
}

TEST_CASE("each header cut at any length is truncated") {
  const auto storage = from_hex("44 4c 54 01 00 f1 53 65 40 e2 01 00 45 43 55 31");
  for (std::size_t n = 0; n < storage.size(); ++n) {
    ByteReader in(Bytes(storage).first(n));
    CHECK(StorageHeader::decode(in).error() == Errc::truncated);
  }
  const auto standard = from_hex("3d 01 00 1a 45 43 55 31 00 00 04 d2 01 02 03 04");
  for (std::size_t n = 0; n < standard.size(); ++n) {
    ByteReader in(Bytes(standard).first(n));
    CHECK(StandardHeader::decode(in).error() == Errc::truncated);
  }
  const auto extended = from_hex("41 01 41 50 50 41 43 54 58 42");
  for (std::size_t n = 0; n < extended.size(); ++n) {
    ByteReader in(Bytes(extended).first(n));
    CHECK(ExtendedHeader::decode(in).error() == Errc::truncated);
  }
}

TEST_CASE("headers that cannot be are refused") {
  const auto magic = from_hex("44 4c 54 02 00 f1 53 65 40 e2 01 00 45 43 55 31");
  ByteReader other_magic(magic);
  CHECK(StorageHeader::decode(other_magic).error() == Errc::bad_magic);

  for (unsigned h = 0; h < 256; ++h) {
    INFO(h);
    std::vector<std::byte> bytes(26);
    bytes[0] = static_cast<std::byte>(h);
    const auto least = headers_size(static_cast<std::uint8_t>(h));
    bytes[3] = static_cast<std::byte>(least);
    ByteReader fits(bytes);
    const auto header = StandardHeader::decode(fits);
    if ((h & htyp::version_mask) != htyp::version_1) {
      CHECK(header.error() == Errc::bad_version);
      continue;
    }
    CHECK(header);
    bytes[3] = static_cast<std::byte>(least - 1);
    ByteReader too_short(bytes);
    CHECK(StandardHeader::decode(too_short).error() == Errc::bad_length);
  }
}

TEST_CASE("msin is put together and taken apart") {
  CHECK(msin::make(MessageType::log, 4, true) == 0x41);
  CHECK(msin::make(MessageType::control, 1, false) == msin::control_request);
  CHECK(msin::type(0x26) == MessageType::control);
  CHECK(msin::info(0x26) == 2);
}
