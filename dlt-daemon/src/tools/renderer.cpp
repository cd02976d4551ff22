#include "tools/renderer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include <unistd.h>

#include "dlt/proto/text.hpp"
#include "tools/cbor.hpp"
#include "tools/harmless.hpp"

namespace dlt::tools {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

void append_hex(std::string& out, std::byte b) {
  out += digits[std::to_integer<unsigned>(b) >> 4];
  out += digits[std::to_integer<unsigned>(b) & 15];
}

void append_hex_line(std::string& out, proto::Bytes bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0) out += ' ';
    append_hex(out, bytes[i]);
  }
}

// "000010: 00 01 xx ... .." : sixteen bytes a line, "xx" where there are no more.
void append_dump(std::string& out, proto::Bytes bytes) {
  constexpr std::size_t width = 16;
  for (std::size_t at = 0; at < bytes.size(); at += width) {
    if (at > 0) out += '\n';
    for (unsigned shift = 24; shift > 0; shift -= 4) out += digits[at >> (shift - 4) & 15];
    out += ": ";
    const auto line = bytes.subspan(at, std::min(width, bytes.size() - at));
    append_hex_line(out, line);
    for (std::size_t i = line.size(); i < width; ++i) out += " xx";
    out += ' ';
    for (const auto b : line) {
      const auto c = std::to_integer<char>(b);
      out += c >= ' ' && c < 0x7f ? c : '.';
    }
  }
}

std::string_view colour_of(const proto::MessageView& m) noexcept {
  switch (m.level().value_or(Level::info)) {
    case Level::fatal: return "\x1b[1;31m";
    case Level::error: return "\x1b[31m";
    case Level::warn: return "\x1b[33m";
    case Level::debug:
    case Level::verbose: return "\x1b[2m";
    case Level::info:
    case Level::off:
    case Level::by_default: break;
  }
  return {};
}

}  // namespace

void Renderer::begin(std::string& out) const {
  if (format_ != Format::csv) return;
  append_csv_names(out);
  out += '\n';
}

void Renderer::append_text(std::string& out, const Shown& s) {
  proto::append_headers(out, s.message, {s.storage, offset_.at(s.storage.seconds)});
  out += ' ';
  if (format_ == Format::headers) return;
  if (format_ == Format::mixed) out += '\n';
  out += '[';
  if (format_ == Format::hex) append_hex_line(out, s.message.payload());
  else if (format_ == Format::mixed) append_dump(out, s.message.payload());
  else proto::append_payload(out, s.message);
  out += ']';
}

void Renderer::append(std::string& out, const Shown& s, std::optional<std::uint64_t> index) {
  if (format_ == Format::cbor) return append_cbor(out, s);
  const std::size_t from = out.size();
  if (format_ == Format::json || format_ == Format::csv) {
    format_ == Format::json ? append_json(out, s) : append_csv(out, s);
    if (look_.terminal) make_harmless(out, from, format_ == Format::json ? Escape::json : Escape::bytes);
    out += '\n';
    return;
  }
  const auto colour = look_.colour ? colour_of(s.message) : std::string_view{};
  out += colour;
  if (index) {
    std::array<char, 24> number;
    out.append(number.data(), std::to_chars(number.data(), number.data() + number.size(), *index).ptr);
    out += ' ';
  }
  append_text(out, s);
  if (look_.terminal) make_harmless(out, from + colour.size(), Escape::bytes);
  if (!colour.empty()) out += "\x1b[0m";
  out += '\n';
}

Renderer::Look look_of_stdout() {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const char* no = std::getenv("NO_COLOR");
  return {terminal, terminal && (no == nullptr || *no == '\0')};
}

}  // namespace dlt::tools
