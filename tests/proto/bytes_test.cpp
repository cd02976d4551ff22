#include "dlt/proto/bytes.hpp"

#include <catch2/catch.hpp>

#include <array>

#include "dlt/proto/ids.hpp"
#include "support/golden.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::test::from_hex;
using dlt::test::to_hex;

TEST_CASE("numbers have the byte order of the call") {
  const auto bytes = from_hex("01 02 01 02 01 02 03 04 01 02 03 04 01 02 03 04 05 06 07 08 ff fe ff ff ff");
  ByteReader in(bytes);
  CHECK(in.u16_le() == 0x0201);
  CHECK(in.u16_be() == 0x0102);
  CHECK(in.u32_le() == 0x04030201);
  CHECK(in.u32_be() == 0x01020304);
  CHECK(in.u64_le() == 0x0807060504030201);
  CHECK(in.i8() == -1);
  CHECK(in.i32_le() == -2);
  CHECK(in.ok());
  CHECK(in.remaining() == 0);
}

TEST_CASE("what was written reads back") {
  std::array<std::byte, 64> buffer{};
  ByteWriter out(buffer);
  out.u8(1);
  out.u16_le(2);
  out.u16_be(3);
  out.u32_le(4);
  out.u32_be(5);
  out.u64_le(6);
  out.i8(-7);
  out.i32_le(-8);
  out.id(AppId("AB"));
  out.text("xy");
  REQUIRE(out.ok());
  CHECK(out.size() == 32);
  CHECK(to_hex(out.written()) ==
        "01 02 00 00 03 04 00 00 00 00 00 00 05 06 00 00 00 00 00 00 00 f9 f8 ff ff ff 41 42 00 00 78 79");
}

TEST_CASE("a reader that ran out stays failed and gives zeros") {
  const auto bytes = from_hex("01 02 03");
  ByteReader in(bytes);
  CHECK(in.u16_le() == 0x0201);
  CHECK(in.u32_le() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.u8() == 0);  // though one byte is left
  CHECK(in.take(1).empty());
  CHECK(in.id<AppId>().empty());
  CHECK(in.position() == 2);
}

TEST_CASE("taking the rest, nothing, and more than there is") {
  const auto bytes = from_hex("01 02 03");
  ByteReader in(bytes);
  CHECK(in.take(0).empty());
  CHECK(in.ok());
  CHECK(in.rest().size() == 3);
  CHECK(in.take(3).size() == 3);
  CHECK(in.ok());
  CHECK(in.take(static_cast<std::size_t>(-1)).empty());
  CHECK_FALSE(in.ok());
}

TEST_CASE("a writer that ran out stays failed and has not touched what lies behind") {
  std::array<std::byte, 4> buffer{};
  ByteWriter out(std::span<std::byte>(buffer).first(3));
  out.u16_be(0x0102);
  out.u32_le(0xffffffff);
  out.u8(9);
  CHECK_FALSE(out.ok());
  CHECK(out.size() == 2);
  CHECK(to_hex(buffer) == "01 02 00 00");
}
