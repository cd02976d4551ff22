#include "tools/columns.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "dlt/proto/text.hpp"
#include "tools/argument_json.hpp"
#include "tools/json_string.hpp"
#include "tools/time_text.hpp"

namespace dlt::tools {

namespace {

namespace htyp = proto::htyp;

bool has(const Shown& s, std::uint8_t bit) noexcept { return (s.message.standard().htyp & bit) != 0; }

void put_number(Cell& cell, std::uint64_t v) {
  std::array<char, 24> text;
  const char* end = std::to_chars(text.data(), text.data() + text.size(), v).ptr;
  cell.literal({text.data(), static_cast<std::size_t>(end - text.data())});
}

void put_id(Cell& cell, std::string_view id) { id.empty() ? cell.null() : cell.text(id); }

void time(Cell& cell, const Shown& s, std::string& scratch) {
  append_iso_time(scratch, std::int64_t{s.storage.seconds} * 1'000'000 + s.storage.microseconds);
  cell.text(scratch);
}

void timestamp(Cell& cell, const Shown& s, std::string& scratch) {
  if (!has(s, htyp::with_timestamp)) return cell.null();
  const std::uint32_t ticks = s.message.standard().timestamp;  // 0.1 ms
  scratch = std::to_string(ticks / 10'000) + '.';
  for (std::uint32_t unit = 1000; unit > 0; unit /= 10) scratch += static_cast<char>('0' + ticks / unit % 10);
  cell.literal(scratch);
}

void ecu(Cell& cell, const Shown& s, std::string&) {
  put_id(cell, (has(s, htyp::with_ecu) ? s.message.standard().ecu : s.storage.ecu).text());
}
void app(Cell& cell, const Shown& s, std::string&) { put_id(cell, s.message.extended().app.text()); }
void context(Cell& cell, const Shown& s, std::string&) { put_id(cell, s.message.extended().context.text()); }

void type(Cell& cell, const Shown& s, std::string&) {
  if (!s.message.has_extended()) return cell.null();
  put_id(cell, proto::type_name(s.message.extended().msin));
}
void level(Cell& cell, const Shown& s, std::string&) {
  if (!s.message.has_extended()) return cell.null();
  put_id(cell, proto::info_name(s.message.extended().msin));
}
void counter(Cell& cell, const Shown& s, std::string&) { put_number(cell, s.message.standard().counter); }
void session(Cell& cell, const Shown& s, std::string&) {
  if (has(s, htyp::with_session)) put_number(cell, s.message.standard().session);
  else cell.null();
}
void message_id(Cell& cell, const Shown& s, std::string&) {
  const auto body = s.message.non_verbose();
  if (body && s.message.type() != proto::MessageType::control) put_number(cell, body->id);
  else cell.null();
}
void args(Cell& cell, const Shown& s, std::string& scratch) {
  append_arguments_json(scratch, s.message);
  cell.literal(scratch);
}
void fields(Cell& cell, const Shown& s, std::string& scratch) {
  append_fields_json(scratch, s.message);
  if (scratch == "null") cell.null();
  else cell.literal(scratch);
}
void text(Cell& cell, const Shown& s, std::string& scratch) {
  proto::append_payload(scratch, s.message);
  cell.text(scratch);
}

constexpr std::array all{Column{"time", time},       Column{"timestamp_s", timestamp},
                         Column{"ecu", ecu},         Column{"app", app},
                         Column{"context", context}, Column{"type", type},
                         Column{"level", level},     Column{"counter", counter},
                         Column{"session", session}, Column{"message_id", message_id},
                         Column{args_column, args},  Column{fields_column, fields},
                         Column{"text", text}};

class JsonCell : public Cell {
 public:
  explicit JsonCell(std::string& out) : out_(out) {}
  void null() override { out_ += "null"; }
  void text(std::string_view text) override { append_json_string(out_, text); }
  void literal(std::string_view json) override { out_ += json; }

 private:
  std::string& out_;
};

// What a spreadsheet takes for a formula by its beginning, also in full width; and what stands in front of such a one.
bool begins_formula(std::string_view text) noexcept {
  constexpr std::string_view marks = "=+-@\t\r\n'";
  constexpr std::array<std::string_view, 4> wide{"\uff1d", "\uff0b", "\uff0d", "\uff20"};
  if (text.empty()) return false;
  return marks.find(text.front()) != std::string_view::npos ||
         std::any_of(wide.begin(), wide.end(), [&](std::string_view w) { return text.starts_with(w); });
}

class CsvCell : public Cell {
 public:
  explicit CsvCell(std::string& out) : out_(out) {}
  void null() override {}
  void text(std::string_view text) override {
    const std::string shown = utf8(text);
    literal(begins_formula(shown) ? "'" + shown : shown);
  }
  void literal(std::string_view value) override {
    if (value.find_first_of("\",\r\n") == std::string_view::npos) {
      out_ += value;
      return;
    }
    out_ += '"';
    for (const char c : value) out_.append(c == '"' ? 2 : 1, c);
    out_ += '"';
  }

 private:
  std::string& out_;
};

}  // namespace

std::span<const Column> columns() noexcept { return all; }

void append_json(std::string& out, const Shown& shown) {
  std::string scratch;
  JsonCell cell(out);
  char before = '{';
  for (const auto& column : all) {
    (((out += before) += '"') += column.name) += "\":";
    scratch.clear();
    column.put(cell, shown, scratch);
    before = ',';
  }
  out += '}';
}

void append_csv(std::string& out, const Shown& shown) {
  std::string scratch;
  CsvCell cell(out);
  bool first = true;
  for (const auto& column : all) {
    if (!std::exchange(first, false)) out += ',';
    scratch.clear();
    column.put(cell, shown, scratch);
  }
}

void append_csv_names(std::string& out) {
  bool first = true;
  for (const auto& column : all) {
    if (!std::exchange(first, false)) out += ',';
    out += column.name;
  }
}

}  // namespace dlt::tools
