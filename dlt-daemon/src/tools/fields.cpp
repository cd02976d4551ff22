#include "tools/fields.hpp"

#include <algorithm>
#include <utility>

namespace dlt::tools {

namespace {

bool fits_a_key(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

// "reason" for the argument "reason="; empty: it is no key.
std::string_view key_of(const proto::Argument& a) noexcept {
  const auto* const text = std::get_if<proto::Text>(&a.value);
  if (text == nullptr || !a.name.empty() || !text->text.ends_with('=')) return {};
  const auto key = text->text.substr(0, text->text.size() - 1);
  return std::all_of(key.begin(), key.end(), fits_a_key) ? key : std::string_view{};
}

bool is_heading_of(std::string_view key, std::string_view longer) noexcept {
  return longer.size() > key.size() + 1 && longer.starts_with(key) && longer[key.size()] == '.';
}

void set(std::vector<Field>& fields, std::string_view key, const proto::Argument& value) {
  const auto same = std::find_if(fields.begin(), fields.end(), [key](const Field& f) { return f.key == key; });
  if (same != fields.end()) same->value = value;
  else fields.push_back({key, value});
}

}  // namespace

std::vector<Field> fields_of(const proto::MessageView& message) {
  std::vector<Field> fields;
  std::string_view key;  // names the next argument
  for (auto arguments = message.arguments(); arguments.more();) {
    const auto a = arguments.next();
    if (!a) break;
    const auto next = key_of(*a);
    if (!key.empty() && !is_heading_of(key, next)) {
      set(fields, std::exchange(key, {}), *a);
      continue;
    }
    key = next;
    if (!a->name.empty()) set(fields, a->name, *a);
  }
  return fields;
}

}  // namespace dlt::tools
