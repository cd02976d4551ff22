// Reads the INI files that the incumbent has beside its dlt.conf, line by line: dlt_logstorage.conf, dlt_gateway.conf.
//
//   ; comment, or # comment     at the start of a line only
//   [Section]                -> handler.section(number, "Section", line)   an empty name: the line is no such thing
//   Key = value              -> handler.pair(number, "Key", "value")
//   anything else            -> handler.rubbish(number, line)
//
// Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "trim.hpp"

namespace dlt::daemon {

template <class Handler>
void read_ini(std::string_view text, Handler& handler) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    const auto equals = line.find('=');
    if (line.front() == '[')
      handler.section(number, line.back() == ']' ? trim(line.substr(1, line.size() - 2)) : std::string_view{}, line);
    else if (equals == std::string_view::npos) handler.rubbish(number, line);
    else handler.pair(number, trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
  }
}

// Is it this word with a number behind it, as "FILTER1"?
[[nodiscard]] inline bool is_numbered(std::string_view name, std::string_view word) noexcept {
  if (!name.starts_with(word) || name.size() == word.size()) return false;
  name.remove_prefix(word.size());
  return std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Calls visit(one) for each entry of a list with commas between them.
template <class Visit>
void for_each_entry(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    visit(trim(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

}  // namespace dlt::daemon
