#include "route/stored_levels.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "route/registry.hpp"

namespace dlt::daemon {

namespace {

// Cuts off what stands before the next ':'; nothing if there is none.
std::optional<std::string_view> field(std::string_view& line) {
  const auto end = line.find(':');
  if (end == std::string_view::npos) return std::nullopt;
  const auto text = line.substr(0, end);
  line.remove_prefix(end + 1);
  return text;
}

std::optional<std::int8_t> number(std::string_view text, std::int8_t highest) {
  std::int8_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc{} || end != text.data() + text.size() || v < -1 || v > highest) return std::nullopt;
  return v;
}

bool is_id(std::string_view text) { return !text.empty() && text.size() <= 4; }

// Ids with the separator in them cannot be written.
bool writable(std::string_view id) { return !id.empty() && id.find_first_of(":\n") == std::string_view::npos; }

std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\0'; }, ' ');
  return text;
}

void parse_line(std::string_view line, StoredLevels& out) {
  const auto app = field(line);
  const auto context = field(line);
  const auto level = field(line);
  const auto trace = field(line);
  if (!app || !context || !level || !trace || !is_id(*app) || !is_id(*context)) return;
  const auto l = number(*level, 6);
  const auto t = number(*trace, 1);
  if (!l || !t) return;
  if (line.ends_with(':')) line.remove_suffix(1);
  out[{AppId(*app), ContextId(*context)}] = {*l, *t, std::string(line.substr(0, proto::local::max_description))};
}

}  // namespace

StoredLevels parse_levels(std::string_view text, std::size_t limit) {
  StoredLevels out;
  while (!text.empty() && out.size() < limit) {
    const auto end = std::min(text.find('\n'), text.size());
    parse_line(text.substr(0, end), out);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

StoredLevels levels_to_store(const Registry& registry) {
  StoredLevels levels = registry.stored();
  for (const auto& [app, entry] : registry.applications())
    for (const auto& [id, c] : entry.contexts)
      if (c.registered()) levels[{app, id}] = {c.level, c.trace, c.description};
  return levels;
}

std::string context_file(const StoredLevels& levels) {
  std::string text;
  for (const auto& [id, l] : levels) {
    if (!writable(id.first.text()) || !writable(id.second.text())) continue;
    text.append(id.first.text()).append(":").append(id.second.text());
    text += ':' + std::to_string(l.level) + ':' + std::to_string(l.trace) + ':' + one_line(l.description) + ":\n";
  }
  return text;
}

std::string application_file(const StoredLevels& levels, const Registry& registry) {
  std::string text;
  AppId last;
  for (const auto& [id, l] : levels) {
    if (id.first == last || !writable(id.first.text())) continue;
    last = id.first;
    const auto known = registry.applications().find(id.first);
    const auto description = known != registry.applications().end() ? known->second.description : std::string();
    text.append(id.first.text()).append(":") += one_line(description) + ":\n";
  }
  return text;
}

}  // namespace dlt::daemon
