// Reads the golden files under tests/golden: lines of fields divided by ';', '#' starts a comment line, bytes are hex.
#pragma once

#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "dlt/proto/bytes.hpp"

namespace dlt::test {

using Fields = std::vector<std::string>;

[[nodiscard]] inline std::string trimmed(std::string_view s) {
  const auto first = s.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(s.substr(first, s.find_last_not_of(" \t\r") - first + 1));
}

// "44 4c 54" -> bytes; blanks are skipped, anything else that is no hex digit throws.
[[nodiscard]] inline std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  int high = -1;
  for (const char c : text) {
    if (c == ' ') continue;
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) throw std::runtime_error("no hex digit: " + std::string(1, c));
    if (high < 0) {
      high = static_cast<int>(digit);
    } else {
      bytes.push_back(static_cast<std::byte>(high * 16 + static_cast<int>(digit)));
      high = -1;
    }
  }
  if (high >= 0) throw std::runtime_error("half a byte in " + std::string(text));
  return bytes;
}

[[nodiscard]] inline std::string to_hex(proto::Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto b : bytes) {
    if (!text.empty()) text += ' ';
    text += digits[std::to_integer<unsigned>(b) >> 4];
    text += digits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

// The lines of tests/golden/<file>, each as its fields without the blanks around them.
[[nodiscard]] inline std::vector<Fields> read_golden(const std::string& file) {
  std::ifstream in(std::string(DLT_TEST_DATA) + "/golden/" + file);
  if (!in) throw std::runtime_error("no golden file " + file);
  std::vector<Fields> lines;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    Fields fields;
    for (std::size_t from = 0; from <= line.size();) {
      const auto to = std::min(line.find(';', from), line.size());
      fields.push_back(trimmed(std::string_view(line).substr(from, to - from)));
      from = to + 1;
    }
    lines.push_back(std::move(fields));
  }
  return lines;
}

}  // namespace dlt::test
