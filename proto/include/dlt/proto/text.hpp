// A message as one line of text, the line that COVESA's `dlt-receive -a` and `dlt-convert -a` (2.18.8) print:
//
//   2023/11/14 22:13:20.123456     123456 007 ECU1 APPA CTX- log info V 2 [text 42]
//   time of reception              stamp  cnt ecu  app  ctx  type  level verbose arguments payload
//
// Where the incumbent prints rubbish, prints nothing, or stops, this prints the value; proto/README.md lists those
// cases and a test shows both sides of each. Pure; any thread. Nothing throws but std::bad_alloc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dlt/proto/header.hpp"
#include "dlt/proto/message.hpp"

namespace dlt::proto {

// When and where the message was received: what a storage header says. The ECU id is shown if the frame has none.
struct Reception {
  StorageHeader storage{};
  std::int32_t utc_offset_s = 0;  // added to the time that is shown, seconds east of UTC
};

// Appends everything in front of the bracket, without a blank at the end.
void append_headers(std::string& out, const MessageView& message, const Reception& reception);

// Appends what stands between the brackets. Line breaks in texts become blanks; other bytes are left as they are.
// The payload ends where an argument cannot be read.
void append_payload(std::string& out, const MessageView& message);

// What the line calls type and type info of an extended header with this msin: "log" and "warn", "control" and
// "request", …; empty where there is no name.
[[nodiscard]] std::string_view type_name(std::uint8_t msin) noexcept;
[[nodiscard]] std::string_view info_name(std::uint8_t msin) noexcept;

// The whole line, without a line break.
[[nodiscard]] std::string to_line(const MessageView& message, const Reception& reception);

}  // namespace dlt::proto
