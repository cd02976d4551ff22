// A message as it is printed: the incumbent's four forms of text, JSON, CSV, CBOR.
//
//   text     headers [payload as text]      dlt-convert -a      headers  headers only       -s
//   hex      headers [01 02 ...]            -x                  json     one object a line
//   mixed    headers, a hex dump below      -m                  csv      a line of names first
//                                                               cbor     items back to back, no line breaks
//
// For a terminal what could speak to it is escaped (harmless.hpp), and lines of text coloured by level if wanted. One
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/columns.hpp"
#include "tools/time_text.hpp"

namespace dlt::tools {

enum class Format { text, hex, mixed, headers, json, csv, cbor };

class Renderer {
 public:
  struct Look {
    bool terminal = false;  // control characters of messages must not reach it
    bool colour = false;
  };

  Renderer(Format format, Look look) : format_(format), look_(look) {}

  // What stands before the first message.
  void begin(std::string& out) const;
  // The message and, but for cbor, a line break. `index`: a number in front, as dlt-convert prints it.
  void append(std::string& out, const Shown& shown, std::optional<std::uint64_t> index);

 private:
  void append_text(std::string& out, const Shown& shown);

  Format format_;
  Look look_;
  UtcOffset offset_;
};

// How to print on this stdout: a terminal gets colours unless NO_COLOR is set.
[[nodiscard]] Renderer::Look look_of_stdout();

}  // namespace dlt::tools
