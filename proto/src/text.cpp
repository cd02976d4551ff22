#include "dlt/proto/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "dlt/proto/control.hpp"

namespace dlt::proto {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

template <class Number>
void append_number(std::string& out, Number v) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), v).ptr;
  out.append(text.data(), end);
}

// At least `width` characters, filled from the left.
template <class Number>
void append_padded(std::string& out, Number v, std::size_t width, char fill) {
  std::array<char, 32> text;
  const auto* end = std::to_chars(text.data(), text.data() + text.size(), v).ptr;
  const auto size = static_cast<std::size_t>(end - text.data());
  if (size < width) out.append(width - size, fill);
  out.append(text.data(), size);
}

void append_hex(std::string& out, std::byte b) {
  out += hex_digits[std::to_integer<unsigned>(b) >> 4];
  out += hex_digits[std::to_integer<unsigned>(b) & 15];
}

void append_hex(std::string& out, Bytes bytes, char between) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out += between;
    append_hex(out, bytes[i]);
  }
}

template <class IdType>
void append_id(std::string& out, const IdType& id) {
  const auto text = id.text();
  out += text;
  out.append(4 - text.size(), '-');
}

void append_time(std::string& out, const Reception& reception) {
  using namespace std::chrono;
  const std::int64_t local = std::int64_t{reception.storage.seconds} + reception.utc_offset_s;
  const sys_seconds time{seconds{local}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  append_padded(out, int{date.year()}, 4, '0');
  out += '/';
  append_padded(out, unsigned{date.month()}, 2, '0');
  out += '/';
  append_padded(out, unsigned{date.day()}, 2, '0');
  out += ' ';
  append_padded(out, clock.hours().count(), 2, '0');
  out += ':';
  append_padded(out, clock.minutes().count(), 2, '0');
  out += ':';
  append_padded(out, clock.seconds().count(), 2, '0');
  out += '.';
  const std::int64_t us = reception.storage.microseconds;
  if (us < 0) out += '-';
  append_padded(out, us < 0 ? -us : us, 6, '0');
}

template <std::size_t N>
std::string_view pick(const std::array<std::string_view, N>& names, std::size_t i) noexcept {
  return i < N ? names[i] : std::string_view{};
}

// A text up to its first NUL, as a C program prints it, on one line.
void append_text(std::string& out, std::string_view text) {
  const std::size_t from = out.size();
  out += text.substr(0, text.find('\0'));
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(from), out.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

void append_hint_hex(std::string& out, std::uint64_t v, std::size_t size) {
  out += "0x";
  for (std::size_t i = size; i-- > 0;) append_hex(out, static_cast<std::byte>(v >> (8 * i)));
}

void append_hint_bin(std::string& out, std::uint64_t v, std::size_t size) {
  out += "0b";
  for (std::size_t bit = 8 * size; bit-- > 0;) {
    out += (v >> bit & 1) != 0 ? '1' : '0';
    if (bit % 4 == 0 && bit > 0) out += ' ';
  }
}

template <class Float>
void append_float(std::string& out, Float v) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), v, std::chars_format::general, 6).ptr;
  out.append(text.data(), end);
}

void append_argument(std::string& out, const Argument& a, std::endian order);

struct Printer {
  std::string& out;
  std::uint32_t type;
  std::endian order;

  void operator()(bool v) const { out += v ? '1' : '0'; }
  void operator()(std::int64_t v) const { append_number(out, v); }
  void operator()(std::uint64_t v) const {
    const std::uint32_t hint = type & type_info::coding_mask;
    if (hint == type_info::hex) append_hint_hex(out, v, type_info::size(type));
    else if (hint == type_info::bin) append_hint_bin(out, v, type_info::size(type));
    else append_number(out, v);
  }
  void operator()(float v) const { append_float(out, v); }
  void operator()(double v) const { append_float(out, v); }
  void operator()(const WideNumber& v) const { append_hex(out, v.bytes, ' '); }
  void operator()(const Text& v) const { append_text(out, v.text); }
  void operator()(const Raw& v) const { append_hex(out, v.bytes, '\''); }
  void operator()(const TraceInfo& v) const { append_text(out, v.text); }
  void operator()(const Array& v) const {
    out += '[';
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (i > 0) out += ' ';
      append_argument(out, v.at(i, order), order);
    }
    out += ']';
  }
  void operator()(const Struct& v) const {
    out += '{';
    Arguments entries(v.entries, v.count, order);
    for (bool first = true; entries.more(); first = false) {
      const auto entry = entries.next();
      if (!entry) break;
      if (!first) out += ' ';
      append_argument(out, *entry, order);
    }
    out += '}';
  }
};

void append_argument(std::string& out, const Argument& a, std::endian order) {
  std::visit(Printer{out, a.type, order}, a.value);
}

void append_arguments(std::string& out, const MessageView& m) {
  Arguments arguments = m.arguments();
  for (bool first = true; arguments.more(); first = false) {
    if (!first) out += ' ';
    const auto a = arguments.next();
    if (!a) return;
    append_argument(out, *a, m.order());
  }
}

void append_service(std::string& out, std::uint32_t id, bool is_time) {
  if (id >= 1 && id <= static_cast<std::uint32_t>(control::Service::message_buffer_overflow)) {
    out += control::name(static_cast<control::Service>(id));
  } else if (!is_time) {
    out += "service(";
    append_number(out, id);
    out += ')';
  }
}

void append_status(std::string& out, std::byte status) {
  static constexpr std::array<std::string_view, 9> names{
      "ok", "not_supported", "error", "perm_denied", "warning", "", "", "", "no_matching_context_id"};
  const auto name = pick(names, std::to_integer<std::size_t>(status));
  if (name.empty()) append_hex(out, status);
  else out += name;
}

void append_control(std::string& out, const MessageView& m) {
  const auto body = m.non_verbose();
  Bytes data = body ? body->data : Bytes{};
  append_service(out, body ? body->id : 0, msin::info(m.extended().msin) == 3);
  if (!data.empty()) out += ", ";
  if (msin::info(m.extended().msin) == 2 && !data.empty()) {
    append_status(out, data.front());
    data = data.subspan(1);
    if (!data.empty()) out += ", ";
  }
  append_hex(out, data, ' ');
}

}  // namespace

std::string_view type_name(std::uint8_t v) noexcept {
  static constexpr std::array<std::string_view, 4> names{"log", "app_trace", "nw_trace", "control"};
  return pick(names, static_cast<std::size_t>(msin::type(v)));
}

std::string_view info_name(std::uint8_t v) noexcept {
  static constexpr std::array<std::string_view, 7> logs{"", "fatal", "error", "warn", "info", "debug", "verbose"};
  static constexpr std::array<std::string_view, 6> traces{"", "variable", "func_in", "func_out", "state", "vfb"};
  static constexpr std::array<std::string_view, 6> networks{"", "ipc", "can", "flexray", "most", "vfb"};
  static constexpr std::array<std::string_view, 4> controls{"", "request", "response", "time"};
  switch (static_cast<std::uint8_t>(msin::type(v))) {
    case 0: return pick(logs, msin::info(v));
    case 1: return pick(traces, msin::info(v));
    case 2: return pick(networks, msin::info(v));
    case 3: return pick(controls, msin::info(v));
    default: return {};
  }
}

void append_headers(std::string& out, const MessageView& m, const Reception& reception) {
  const StandardHeader& s = m.standard();
  const ExtendedHeader& e = m.extended();
  append_time(out, reception);
  out += ' ';
  if ((s.htyp & htyp::with_timestamp) != 0) append_padded(out, s.timestamp, 10, ' ');
  else out += "----------";
  out += ' ';
  append_padded(out, unsigned{s.counter}, 3, '0');
  out += ' ';
  append_id(out, (s.htyp & htyp::with_ecu) != 0 ? s.ecu : reception.storage.ecu);
  out += ' ';
  append_id(out, e.app);
  out += ' ';
  append_id(out, e.context);
  if (!m.has_extended()) {
    out += " --- --- N -";
    return;
  }
  out += ' ';
  out += type_name(e.msin);
  out += ' ';
  out += info_name(e.msin);
  out += m.verbose() ? " V " : " N ";
  append_number(out, unsigned{e.argument_count});
}

void append_payload(std::string& out, const MessageView& m) {
  if (m.verbose()) return append_arguments(out, m);
  if (m.has_extended() && m.type() == MessageType::control) return append_control(out, m);
  const auto body = m.non_verbose();
  append_number(out, body ? body->id : 0U);
  out += ", ";
  if (body) append_hex(out, body->data, ' ');
}

std::string to_line(const MessageView& message, const Reception& reception) {
  std::string line;
  append_headers(line, message, reception);
  line += " [";
  append_payload(line, message);
  line += ']';
  return line;
}

}  // namespace dlt::proto
