// Text from messages on its way to a terminal: what could speak to it, or mislead who reads it, is escaped.
//
//   control characters but the line break, those of UTF-8 from U+0080 on too; DEL; what changes the direction of
//   writing (U+202A to 202E, U+2066 to 2069); bytes that are no UTF-8
//
// Pure; any thread.
#pragma once

#include <string>

namespace dlt::tools {

enum class Escape {
  bytes,  // \xc2\x9b
  json,   // \u009b
};

// Of what stands in `text` from `from` on.
void make_harmless(std::string& text, std::size_t from, Escape how);

}  // namespace dlt::tools
