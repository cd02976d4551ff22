#include "tools/argument_json.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "tools/fields.hpp"
#include "tools/json_string.hpp"

namespace dlt::tools {

namespace {

using proto::Argument;

template <class Number>
void append_number(std::string& out, Number v) {
  std::array<char, 32> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), v).ptr);
}

template <class Float>
void append_float(std::string& out, Float v) {
  if (std::isfinite(v)) append_number(out, v);
  else out += "null";
}

void append_hex(std::string& out, proto::Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out += ' ';
    out += digits[std::to_integer<unsigned>(bytes[i]) >> 4];
    out += digits[std::to_integer<unsigned>(bytes[i]) & 15];
  }
  out += '"';
}

void append_all(std::string& out, proto::Arguments arguments, std::endian order);

struct TypeName {
  std::string_view operator()(bool) const { return "bool"; }
  std::string_view operator()(std::int64_t) const { return "int"; }
  std::string_view operator()(std::uint64_t) const { return "uint"; }
  std::string_view operator()(float) const { return "float"; }
  std::string_view operator()(double) const { return "float"; }
  std::string_view operator()(const proto::WideNumber&) const {
    if ((type & proto::type_info::floating) != 0) return "float";
    return (type & proto::type_info::signed_integer) != 0 ? "int" : "uint";
  }
  std::string_view operator()(const proto::Text&) const { return "string"; }
  std::string_view operator()(const proto::Raw&) const { return "raw"; }
  std::string_view operator()(const proto::TraceInfo&) const { return "trace"; }
  std::string_view operator()(const proto::Array&) const { return "array"; }
  std::string_view operator()(const proto::Struct&) const { return "struct"; }
  std::uint32_t type;
};

struct Value {
  std::string& out;
  std::endian order;

  void operator()(bool v) const { out += v ? "true" : "false"; }
  void operator()(std::int64_t v) const { append_number(out, v); }
  void operator()(std::uint64_t v) const { append_number(out, v); }
  void operator()(float v) const { append_float(out, v); }
  void operator()(double v) const { append_float(out, v); }
  void operator()(const proto::WideNumber& v) const { append_hex(out, v.bytes); }
  void operator()(const proto::Text& v) const { append_json_string(out, v.text); }
  void operator()(const proto::Raw& v) const { append_hex(out, v.bytes); }
  void operator()(const proto::TraceInfo& v) const { append_json_string(out, v.text); }
  void operator()(const proto::Array& v) const {
    out += '[';
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (i > 0) out += ',';
      std::visit(*this, v.at(i, order).value);
    }
    out += ']';
  }
  void operator()(const proto::Struct& v) const { append_all(out, {v.entries, v.count, order}, order); }
};

void append_argument(std::string& out, const Argument& a, std::endian order) {
  ((out += R"({"type":")") += type_name(a)) += R"(","value":)";
  std::visit(Value{out, order}, a.value);
  if (!a.name.empty()) append_json_string(out += R"(,"name":)", a.name);
  if (!a.unit.empty()) append_json_string(out += R"(,"unit":)", a.unit);
  if (a.fixed_point) {
    append_float(out += R"(,"quantization":)", a.fixed_point->quantization);
    append_number(out += R"(,"offset":)", a.fixed_point->offset);
  }
  out += '}';
}

void append_all(std::string& out, proto::Arguments arguments, std::endian order) {
  out += '[';
  for (bool first = true; arguments.more(); first = false) {
    if (!first) out += ',';
    const auto a = arguments.next();
    if (a) append_argument(out, *a, order);
    else out += R"({"type":"unreadable"})";
  }
  out += ']';
}

}  // namespace

std::string_view type_name(const Argument& a) { return std::visit(TypeName{a.type}, a.value); }

void append_arguments_json(std::string& out, const proto::MessageView& m) { append_all(out, m.arguments(), m.order()); }

void append_fields_json(std::string& out, const proto::MessageView& m) {
  char before = '{';
  for (const auto& [key, argument] : fields_of(m)) {
    append_json_string(out += before, key);
    std::visit(Value{out += ':', m.order()}, argument.value);
    before = ',';
  }
  out += before == '{' ? "null" : "}";
}

}  // namespace dlt::tools
