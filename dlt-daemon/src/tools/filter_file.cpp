#include "tools/filter_file.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace dlt::tools {

namespace {

using Json = nlohmann::json;

std::string_view next_word(std::string_view& line) noexcept {
  constexpr std::string_view blanks = " \t\r";
  const auto begin = std::min(line.find_first_not_of(blanks), line.size());
  const auto end = std::min(line.find_first_of(blanks, begin), line.size());
  const auto word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word == "----" ? std::string_view("") : word;
}

std::optional<std::uint64_t> number_in(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::string> FilterFile::add_lines(std::string_view text) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const bool blank = line.find_first_not_of(" \t\r") == std::string_view::npos;
    const auto app = next_word(line);
    const auto context = next_word(line);
    if (blank) continue;
    if (app.size() > 4 || context.size() > 4 || !next_word(line).empty())
      return "line " + std::to_string(number) + " is not \"APID CTID\", ids of four characters at most";
    entries_.push_back({AppId(app), ContextId(context)});
  }
  return std::nullopt;
}

std::optional<std::string> FilterFile::add_json(std::string_view text) {
  const Json document = Json::parse(text, nullptr, false);
  if (!document.is_object()) return "is not a JSON object of filters";
  for (const auto& [name, filter] : document.items()) {
    if (!filter.is_object()) return "'" + name + "' is not a JSON object";
    Entry entry;
    for (const auto& [key, value] : filter.items()) {
      const auto wrong = "'" + name + "': " + key + " ";
      const bool id = key == "AppId" || key == "ContextId";
      const auto number = number_in(value);
      if (id && (!value.is_string() || value.get_ref<const std::string&>().size() > 4))
        return wrong + "is a text of four characters at most";
      if (!id && !number) return wrong + "is no number";
      if (key == "AppId") entry.app = AppId(value.get_ref<const std::string&>());
      else if (key == "ContextId") entry.context = ContextId(value.get_ref<const std::string&>());
      else if (key == "LogLevel" && *number > 6) return wrong + "is 0 to 6";
      else if (key == "LogLevel") entry.level = static_cast<std::uint8_t>(*number);
      else if (key == "PayloadMin") entry.payload_min = *number;
      else if (key == "PayloadMax") entry.payload_max = *number;
      else return wrong + "is not known (AppId, ContextId, LogLevel, PayloadMin, PayloadMax)";
    }
    entries_.push_back(entry);
  }
  return std::nullopt;
}

bool FilterFile::Entry::matches(const proto::MessageView& m) const noexcept {
  return (app.empty() || app == m.extended().app) && (context.empty() || context == m.extended().context) &&
         (level == 0 || level == proto::msin::info(m.extended().msin)) && m.payload().size() >= payload_min &&
         m.payload().size() <= payload_max;
}

bool FilterFile::pass(const proto::MessageView& m) const noexcept {
  return entries_.empty() || !m.has_extended() ||
         std::any_of(entries_.begin(), entries_.end(), [&m](const Entry& e) { return e.matches(m); });
}

}  // namespace dlt::tools
