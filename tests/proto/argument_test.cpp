#include "dlt/proto/argument.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "dlt/proto/message.hpp"
#include "support/golden.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::test::from_hex;
using dlt::test::to_hex;

namespace {

std::vector<std::byte> encoded(const Argument& a, std::endian order = std::endian::little) {
  std::vector<std::byte> bytes(70000);
  ByteWriter out(bytes);
  encode_argument(out, a, order);
  REQUIRE(out.ok());
  bytes.resize(out.size());
  return bytes;
}

Result<Argument> decoded(Bytes bytes, std::endian order = std::endian::little) {
  ByteReader in(bytes);
  return decode_argument(in, order);
}

// An argument, and its bytes as AUTOSAR PRS Dlt lays them out (little endian).
struct Sample {
  Argument argument;
  std::string hex;
};

std::vector<Sample> samples() {
  using namespace type_info;
  static const auto wide = from_hex("00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f");
  static const auto blob = from_hex("01 02 03");
  static const auto dimensions = from_hex("02 00 02 00");
  static const auto elements = from_hex("01 00 02 00 03 00 04 00");
  static const auto entries = from_hex("11 00 00 00 01 00 02 00 00 02 00 61 00");
  const Argument fixed{unsigned_integer | bits_32 | fixed_point, std::uint64_t{99}, {}, {}, FixedPoint{0.5F, 10}};
  const Argument fixed_128{signed_integer | bits_128 | fixed_point, WideNumber{wide}, {}, {}, FixedPoint{0.5F, -1}};
  return {
      {argument(true), "11 00 00 00 01"},
      {argument(true).with_name("flag"), "11 08 00 00 05 00 66 6c 61 67 00 01"},
      {argument(std::int8_t{-1}), "21 00 00 00 ff"},
      {argument(std::int16_t{-2}), "22 00 00 00 fe ff"},
      {argument(std::int32_t{-3}), "23 00 00 00 fd ff ff ff"},
      {argument(std::int64_t{-4}), "24 00 00 00 fc ff ff ff ff ff ff ff"},
      {argument(std::uint8_t{1}), "41 00 00 00 01"},
      {argument(std::uint16_t{0x102}), "42 00 00 00 02 01"},
      {argument(std::uint32_t{0x01020304}), "43 00 00 00 04 03 02 01"},
      {argument(std::uint64_t{0x0102030405060708}), "44 00 00 00 08 07 06 05 04 03 02 01"},
      {argument(std::uint8_t{0xa5}).shown_as(hex), "41 00 01 00 a5"},
      {argument(std::uint16_t{0xa5}).shown_as(bin), "42 80 01 00 a5 00"},
      {argument(std::uint32_t{99}).with_name("name", "sec"),
       "43 08 00 00 05 00 04 00 6e 61 6d 65 00 73 65 63 00 63 00 00 00"},
      {argument(std::uint32_t{99}).with_name("", "s"), "43 08 00 00 00 00 02 00 73 00 63 00 00 00"},
      {argument(1.5F), "83 00 00 00 00 00 c0 3f"},
      {argument(1.5), "84 00 00 00 00 00 00 00 00 00 f8 3f"},
      {{floating | bits_16, WideNumber{Bytes(wide).first(2)}}, "82 00 00 00 00 01"},
      {{unsigned_integer | bits_128, WideNumber{wide}}, "45 00 00 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"},
      {argument("hello"), "00 82 00 00 06 00 68 65 6c 6c 6f 00"},
      {{string | ascii, Text{"hello"}}, "00 02 00 00 06 00 68 65 6c 6c 6f 00"},
      {argument(""), "00 82 00 00 01 00 00"},
      {argument("v").with_name("n"), "00 8a 00 00 02 00 02 00 6e 00 76 00"},
      {argument(Bytes(blob)), "00 04 00 00 03 00 01 02 03"},
      {argument(Bytes(blob)).with_name("n"), "00 0c 00 00 03 00 02 00 6e 00 01 02 03"},
      {{trace_info, TraceInfo{"t"}}, "00 20 00 00 02 00 74 00"},
      {fixed, "43 10 00 00 00 00 00 3f 0a 00 00 00 63 00 00 00"},
      {fixed_128,
       "25 10 00 00 00 00 00 3f ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff "
       "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"},
      {{unsigned_integer | bits_16 | array, Array{unsigned_integer | bits_16, dimensions, elements}},
       "42 01 00 00 02 00 02 00 02 00 01 00 02 00 03 00 04 00"},
      {{structure, Struct{2, entries}}, "00 40 00 00 02 00 11 00 00 00 01 00 02 00 00 02 00 61 00"},
      {Argument{structure, Struct{2, entries}}.with_name("s"),
       "00 48 00 00 02 00 02 00 73 00 11 00 00 00 01 00 02 00 00 02 00 61 00"},
  };
}

}  // namespace

TEST_CASE("each type of argument is encoded to its bytes") {
  for (const auto& sample : samples()) CHECK(to_hex(encoded(sample.argument)) == sample.hex);
}

TEST_CASE("each type of argument decodes to what was encoded, in both byte orders") {
  for (const auto order : {std::endian::little, std::endian::big}) {
    for (const auto& sample : samples()) {
      INFO(sample.hex);
      // Dimensions, elements and entries are views of bytes in a given order, so these do not turn.
      const bool nested = sample.argument.value.index() >= 9;
      if (nested && order == std::endian::big) continue;
      const auto bytes = encoded(sample.argument, order);

      ByteReader in(bytes);
      const auto a = decode_argument(in, order);

      REQUIRE(a);
      CHECK(in.remaining() == 0);
      CHECK(a->type == sample.argument.type);
      CHECK(a->value.index() == sample.argument.value.index());
      CHECK(a->name == sample.argument.name);
      CHECK(a->unit == sample.argument.unit);
      CHECK(a->fixed_point.has_value() == sample.argument.fixed_point.has_value());
      CHECK(to_hex(encoded(*a, order)) == to_hex(bytes));
    }
  }
}

TEST_CASE("big endian turns the type info and every number") {
  const auto bytes = from_hex("00 00 08 22 00 02 00 02 6e 00 75 00 fe d4");

  const auto a = decoded(bytes, std::endian::big);

  REQUIRE(a);
  CHECK(std::get<std::int64_t>(a->value) == -300);
  CHECK(a->name == "n");
  CHECK(a->unit == "u");
}

TEST_CASE("the extremes of each width survive") {
  const auto trip = [](auto v) {
    const auto bytes = encoded(argument(v));
    const auto a = decoded(bytes);
    REQUIRE(a);
    using Wide = std::conditional_t<std::is_floating_point_v<decltype(v)>, decltype(v),
                                    std::conditional_t<std::is_signed_v<decltype(v)>, std::int64_t, std::uint64_t>>;
    CHECK(std::get<Wide>(a->value) == Wide{v});
  };
  const auto both = [&](auto v) {
    using T = decltype(v);
    trip(std::numeric_limits<T>::lowest());
    trip(std::numeric_limits<T>::max());
  };
  both(std::int8_t{});
  both(std::int16_t{});
  both(std::int32_t{});
  both(std::int64_t{});
  both(std::uint8_t{});
  both(std::uint16_t{});
  both(std::uint32_t{});
  both(std::uint64_t{});
  both(float{});
  both(double{});
}

TEST_CASE("fixed point offset of 128 bits keeps its lower half in either order") {
  using namespace type_info;
  const std::vector<std::byte> value(16);
  const Argument a{signed_integer | bits_128 | fixed_point, WideNumber{value}, {}, {}, FixedPoint{2.0F, -77}};
  for (const auto order : {std::endian::little, std::endian::big}) {
    const auto bytes = encoded(a, order);
    const auto again = decoded(bytes, order);
    REQUIRE(again);
    CHECK(again->fixed_point->offset == -77);
    CHECK(again->fixed_point->quantization == 2.0F);
  }
}

TEST_CASE("each type of argument cut at any length is truncated") {
  for (const auto& sample : samples()) {
    INFO(sample.hex);
    const auto bytes = from_hex(sample.hex);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const std::vector<std::byte> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
      CHECK(decoded(cut).error() == Errc::truncated);
    }
  }
}

TEST_CASE("flipped bits in any argument are decoded or refused, and never read beyond the end") {
  for (const auto& sample : samples()) {
    const auto bytes = from_hex(sample.hex);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      auto bad = bytes;
      bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      ByteReader in(bad);
      const auto a = decode_argument(in, std::endian::little);
      if (!a) continue;
      CHECK(in.position() <= bad.size());
      CHECK(encoded(*a).size() <= bad.size() + 1);  // a NUL that was missing is written
    }
  }
}

TEST_CASE("type infos that name nothing are unsupported") {
  for (const auto* bytes : {"00 00 00 00", "03 00 00 00 01 00 00 00", "20 00 00 00 01", "46 00 00 00 01", "8f 00 00 00",
                            "00 02 01 00 02 00 61 00", "00 01 00 00 01 00 01 00 01"}) {
    INFO(bytes);
    CHECK(decoded(from_hex(bytes)).error() == Errc::unsupported);
  }
}

TEST_CASE("an array gives its elements and refuses counts beyond any frame") {
  using namespace type_info;
  const auto bytes = from_hex("22 09 00 00 02 00 02 00 02 00 02 00 02 00 6e 00 75 00 01 00 fe ff 03 00 fc ff");
  const auto a = decoded(bytes);
  REQUIRE(a);
  const auto& matrix = std::get<Array>(a->value);
  CHECK(a->name == "n");
  REQUIRE(matrix.size() == 4);
  CHECK(std::get<std::int64_t>(matrix.at(1, std::endian::little).value) == -2);
  CHECK(std::get<std::int64_t>(matrix.at(3, std::endian::little).value) == -4);

  CHECK(decoded(from_hex("42 01 00 00 04 00 ff ff ff ff ff ff ff ff")).error() == Errc::bad_length);
  CHECK(decoded(from_hex("42 01 00 00 ff ff")).error() == Errc::truncated);
}

TEST_CASE("structs are followed to the limit of depth and no further") {
  const auto nested = [](int depth) {
    std::vector<std::byte> bytes;
    for (int i = 0; i < depth; ++i) {
      const auto head = from_hex("00 40 00 00 01 00");
      bytes.insert(bytes.end(), head.begin(), head.end());
    }
    const auto leaf = from_hex("11 00 00 00 01");
    bytes.insert(bytes.end(), leaf.begin(), leaf.end());
    return bytes;
  };
  CHECK(decoded(nested(max_struct_depth)));
  CHECK(decoded(nested(max_struct_depth + 1)).error() == Errc::too_large);
  CHECK(decoded(nested(10000)).error() == Errc::too_large);
}

TEST_CASE("texts longer than their length field are cut") {
  const std::string text(70000, 'x');
  const auto bytes = encoded(argument(std::string_view(text)));
  const auto a = decoded(bytes);
  REQUIRE(a);
  CHECK(std::get<Text>(a->value).text.size() == 65534);
}

TEST_CASE("walking arguments ends at the count, or at the first that cannot be read") {
  const auto bytes = from_hex("11 00 00 00 01 11 00 00 00 00 11 00");

  Arguments two(bytes, 2, std::endian::little);
  CHECK(two.next());
  CHECK(two.next());
  CHECK_FALSE(two.more());
  CHECK(two.rest().size() == 2);

  Arguments three(bytes, 3, std::endian::little);
  CHECK(three.next());
  CHECK(three.next());
  REQUIRE(three.more());
  CHECK(three.next().error() == Errc::truncated);
  CHECK_FALSE(three.more());
}
