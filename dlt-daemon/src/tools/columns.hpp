// What JSON and CSV tell of a message: the one list of names, and how each value is found.
//
//   time         when it was received, ISO 8601, UTC, microseconds
//   timestamp_s  the sender's clock, seconds since its boot; null where the message has none, like the next ones
//   ecu app context
//   type         log, app_trace, nw_trace, control
//   level        of a log message; of others what kind of trace or control message they are
//   counter      the sender's, 0 to 255
//   session      the sender's process
//   message_id   of a message that is not verbose
//   args         as argument_json.hpp has them; none of a message that is not verbose
//   fields       the named values among them as one object (fields.hpp), null without any
//   text         the payload as text
//
// Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dlt/proto/message.hpp"

namespace dlt::tools {

// A message and what is known of its reception.
struct Shown {
  const proto::MessageView& message;
  const proto::StorageHeader& storage;
};

// A value on its way out: how null, texts and JSON literals (numbers, arrays) are written is the format's business.
class Cell {
 public:
  virtual ~Cell() = default;
  virtual void null() = 0;
  virtual void text(std::string_view text) = 0;
  virtual void literal(std::string_view json) = 0;
};

struct Column {
  std::string_view name;
  void (*put)(Cell& cell, const Shown& shown, std::string& scratch);
};

[[nodiscard]] std::span<const Column> columns() noexcept;
inline constexpr std::string_view args_column = "args";
inline constexpr std::string_view fields_column = "fields";

// {"time":"…",…}, without a line break.
void append_json(std::string& out, const Shown& shown);
// RFC 4180 in UTF-8, without a line break; the first line has the names. A text that a spreadsheet would take for a
// formula (it begins with = + - @, a tab or a line break), and one that begins with ', has one ' more in front.
void append_csv(std::string& out, const Shown& shown);
void append_csv_names(std::string& out);

}  // namespace dlt::tools
