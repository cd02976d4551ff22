#include "dlt/proto/argument.hpp"

#include <algorithm>

namespace dlt::proto {

namespace {

constexpr std::size_t max_u16 = 65535;

enum class Kind {
  boolean,
  signed_integer,
  unsigned_integer,
  floating,
  text,
  raw,
  trace_info,
  array,
  structure,
  unknown
};

Kind kind_of(std::uint32_t type) noexcept {
  const auto has = [type](std::uint32_t bit) { return (type & bit) != 0; };
  if (has(type_info::structure)) return Kind::structure;
  if (has(type_info::array)) return Kind::array;
  const std::uint32_t coding = type & type_info::coding_mask;
  if (has(type_info::string) && (coding == type_info::ascii || coding == type_info::utf8)) return Kind::text;
  if (has(type_info::boolean)) return Kind::boolean;
  if (has(type_info::signed_integer)) return Kind::signed_integer;
  if (has(type_info::unsigned_integer)) return Kind::unsigned_integer;
  if (has(type_info::floating)) return Kind::floating;
  if (has(type_info::raw)) return Kind::raw;
  if (has(type_info::trace_info)) return Kind::trace_info;
  return Kind::unknown;
}

bool is_number(Kind k) noexcept {
  return k == Kind::signed_integer || k == Kind::unsigned_integer || k == Kind::floating;
}

std::string_view without_nul(Bytes b) noexcept {
  auto text = as_text(b);
  if (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  return text;
}

Result<Argument> decode_nested(ByteReader& in, std::endian order, int depth) noexcept;

// Reads the parts of one argument. What fails stays failed in `in`, so the parts are read without asking each time.
struct Decoder {
  ByteReader& in;
  std::endian order;

  std::uint16_t u16() const noexcept { return in.number<std::uint16_t>(order); }

  // Name and unit of a number: both lengths come first.
  void names(Argument& a) const noexcept {
    if ((a.type & type_info::named) == 0) return;
    const std::size_t name_size = u16();
    const std::size_t unit_size = u16();
    a.name = without_nul(in.take(name_size));
    a.unit = without_nul(in.take(unit_size));
  }
  void name_only(Argument& a) const noexcept {
    if ((a.type & type_info::named) != 0) a.name = without_nul(in.take(u16()));
  }
  // A block with a length in front; the name stands between the length and the block.
  Bytes counted(Argument& a) const noexcept {
    const std::size_t size = u16();
    name_only(a);
    return in.take(size);
  }
  void fixed_point(Argument& a) const noexcept {
    if ((a.type & type_info::fixed_point) == 0) return;
    FixedPoint f;
    f.quantization = std::bit_cast<float>(in.number<std::uint32_t>(order));
    const std::size_t size = type_info::size(a.type);
    if (size <= 4) {
      f.offset = static_cast<std::int32_t>(in.number<std::uint32_t>(order));
    } else {
      const std::uint64_t first = in.number<std::uint64_t>(order);
      const std::uint64_t second = size == 16 ? in.number<std::uint64_t>(order) : first;
      f.offset = static_cast<std::int64_t>(order == std::endian::little ? first : second);
    }
    a.fixed_point = f;
  }

  [[nodiscard]] std::uint64_t unsigned_value(std::size_t size) const noexcept {
    switch (size) {
      case 1: return in.u8();
      case 2: return u16();
      case 4: return in.number<std::uint32_t>(order);
      default: return in.number<std::uint64_t>(order);
    }
  }
  [[nodiscard]] std::int64_t signed_value(std::size_t size) const noexcept {
    const std::uint64_t v = unsigned_value(size);
    switch (size) {
      case 1: return static_cast<std::int8_t>(v);
      case 2: return static_cast<std::int16_t>(v);
      case 4: return static_cast<std::int32_t>(v);
      default: return static_cast<std::int64_t>(v);
    }
  }
  [[nodiscard]] Argument::Value number(Kind kind, std::size_t size) const noexcept {
    if (kind == Kind::floating) {
      if (size == 4) return std::bit_cast<float>(in.number<std::uint32_t>(order));
      if (size == 8) return std::bit_cast<double>(in.number<std::uint64_t>(order));
      return WideNumber{in.take(size)};
    }
    if (size == 16) return WideNumber{in.take(size)};
    if (kind == Kind::signed_integer) return signed_value(size);
    return unsigned_value(size);
  }
  // A bool has one byte whatever length the type info gives, like the incumbent's.
  [[nodiscard]] Argument::Value scalar(Kind kind, std::uint32_t type) const noexcept {
    return kind == Kind::boolean ? Argument::Value{in.u8() != 0} : number(kind, type_info::size(type));
  }

  [[nodiscard]] std::error_code array(Argument& a) const noexcept {
    Array v;
    v.element_type = a.type & ~(type_info::array | type_info::named | type_info::fixed_point);
    const Kind kind = kind_of(v.element_type);
    const std::size_t size = kind == Kind::boolean ? 1 : type_info::size(v.element_type);
    if ((!is_number(kind) && kind != Kind::boolean) || size == 0) return Errc::unsupported;
    v.dimensions = in.take(2 * std::size_t{u16()});
    std::size_t elements = v.dimensions.empty() ? 0 : 1;
    ByteReader counts(v.dimensions);
    while (counts.remaining() > 0) {
      elements *= counts.number<std::uint16_t>(order);
      if (elements > max_u16) return Errc::bad_length;  // more than any frame can hold
    }
    names(a);
    fixed_point(a);
    v.elements = in.take(elements * size);
    a.value = v;
    return {};
  }
  [[nodiscard]] std::error_code structure(Argument& a, int depth) const noexcept {
    Struct s;
    s.count = u16();
    name_only(a);
    const Bytes before = in.rest();
    for (std::size_t i = 0; i < s.count && in.ok(); ++i) {
      const auto entry = decode_nested(in, order, depth + 1);
      if (!entry) return entry.error();
    }
    s.entries = before.first(before.size() - in.remaining());
    a.value = s;
    return {};
  }
};

Result<Argument> decode_nested(ByteReader& in, std::endian order, int depth) noexcept {
  if (depth > max_struct_depth) return Errc::too_large;
  const Decoder d{in, order};
  Argument a;
  a.type = in.number<std::uint32_t>(order);
  if (!in.ok()) return Errc::truncated;
  std::error_code error;
  const Kind kind = kind_of(a.type);
  switch (kind) {
    case Kind::boolean:
      d.name_only(a);
      a.value = d.scalar(kind, a.type);
      break;
    case Kind::signed_integer:
    case Kind::unsigned_integer:
    case Kind::floating:
      if (type_info::size(a.type) == 0) return Errc::unsupported;
      d.names(a);
      d.fixed_point(a);
      a.value = d.scalar(kind, a.type);
      break;
    case Kind::text: a.value = Text{without_nul(d.counted(a))}; break;
    case Kind::raw: a.value = Raw{d.counted(a)}; break;
    case Kind::trace_info: a.value = TraceInfo{without_nul(d.counted(a))}; break;
    case Kind::array: error = d.array(a); break;
    case Kind::structure: error = d.structure(a, depth); break;
    case Kind::unknown: return Errc::unsupported;
  }
  if (error) return error;
  if (!in.ok()) return Errc::truncated;
  return a;
}

struct Encoder {
  ByteWriter& out;
  std::endian order;
  const Argument& a;

  void u16(std::size_t n) const noexcept { out.number(static_cast<std::uint16_t>(std::min(n, max_u16)), order); }
  // Length on the wire of a text with its NUL; an absent name has neither.
  static std::size_t wire_size(std::string_view s) noexcept { return s.empty() ? 0 : std::min(s.size() + 1, max_u16); }
  void text(std::string_view s) const noexcept {
    if (s.empty()) return;
    out.text(s.substr(0, max_u16 - 1));
    out.u8(0);
  }
  [[nodiscard]] bool named() const noexcept { return (a.type & type_info::named) != 0; }
  void names() const noexcept {
    if (!named()) return;
    u16(wire_size(a.name));
    u16(wire_size(a.unit));
    text(a.name);
    text(a.unit);
  }
  void name_only() const noexcept {
    if (!named()) return;
    u16(wire_size(a.name));
    text(a.name);
  }
  void fixed_point() const noexcept {
    if ((a.type & type_info::fixed_point) == 0) return;
    const FixedPoint f = a.fixed_point.value_or(FixedPoint{});
    out.number(std::bit_cast<std::uint32_t>(f.quantization), order);
    const std::size_t size = type_info::size(a.type);
    const auto offset = static_cast<std::uint64_t>(f.offset);
    const std::uint64_t sign = f.offset < 0 ? ~std::uint64_t{0} : 0;
    if (size <= 4) return out.number(static_cast<std::uint32_t>(offset), order);
    if (size == 16 && order == std::endian::big) out.number(sign, order);
    out.number(offset, order);
    if (size == 16 && order == std::endian::little) out.number(sign, order);
  }
  void integer(std::uint64_t v) const noexcept {
    names();
    fixed_point();
    switch (type_info::size(a.type)) {
      case 1: return out.u8(static_cast<std::uint8_t>(v));
      case 2: return out.number(static_cast<std::uint16_t>(v), order);
      case 4: return out.number(static_cast<std::uint32_t>(v), order);
      default: return out.number(v, order);
    }
  }
  void counted_text(std::string_view s) const noexcept {
    s = s.substr(0, max_u16 - 1);
    u16(s.size() + 1);
    name_only();
    out.text(s);
    out.u8(0);
  }

  void operator()(bool v) const noexcept {
    name_only();
    out.u8(v ? 1 : 0);
  }
  void operator()(std::int64_t v) const noexcept { integer(static_cast<std::uint64_t>(v)); }
  void operator()(std::uint64_t v) const noexcept { integer(v); }
  void operator()(float v) const noexcept {
    names();
    fixed_point();
    out.number(std::bit_cast<std::uint32_t>(v), order);
  }
  void operator()(double v) const noexcept {
    names();
    fixed_point();
    out.number(std::bit_cast<std::uint64_t>(v), order);
  }
  void operator()(const WideNumber& v) const noexcept {
    names();
    fixed_point();
    out.bytes(v.bytes);
  }
  void operator()(const Text& v) const noexcept { counted_text(v.text); }
  void operator()(const TraceInfo& v) const noexcept { counted_text(v.text); }
  void operator()(const Raw& v) const noexcept {
    const Bytes bytes = v.bytes.first(std::min(v.bytes.size(), max_u16));
    u16(bytes.size());
    name_only();
    out.bytes(bytes);
  }
  void operator()(const Array& v) const noexcept {
    u16(v.dimensions.size() / 2);
    out.bytes(v.dimensions);
    names();
    fixed_point();
    out.bytes(v.elements);
  }
  void operator()(const Struct& v) const noexcept {
    u16(v.count);
    name_only();
    out.bytes(v.entries);
  }
};

}  // namespace

std::size_t Array::size() const noexcept {
  const std::size_t size = kind_of(element_type) == Kind::boolean ? 1 : type_info::size(element_type);
  return size == 0 ? 0 : elements.size() / size;
}

Argument Array::at(std::size_t i, std::endian order) const noexcept {
  const Kind kind = kind_of(element_type);
  const std::size_t size = kind == Kind::boolean ? 1 : type_info::size(element_type);
  ByteReader in(elements.subspan(i * size, size));
  return {element_type, Decoder{in, order}.scalar(kind, element_type)};
}

Argument Argument::with_name(std::string_view the_name, std::string_view the_unit) const noexcept {
  Argument a = *this;
  a.type |= type_info::named;
  a.name = the_name;
  a.unit = the_unit;
  return a;
}

Argument Argument::shown_as(std::uint32_t hint) const noexcept {
  Argument a = *this;
  a.type = (a.type & ~type_info::coding_mask) | hint;
  return a;
}

Result<Argument> decode_argument(ByteReader& in, std::endian order) noexcept { return decode_nested(in, order, 0); }

void encode_argument(ByteWriter& out, const Argument& a, std::endian order) noexcept {
  out.number(a.type, order);
  std::visit(Encoder{out, order, a}, a.value);
}

Result<Argument> Arguments::next() noexcept {
  assert(more() && "next() is called only while there are more arguments");
  auto a = decode_argument(in_, order_);
  left_ = a ? left_ - 1 : 0;
  return a;
}

}  // namespace dlt::proto
