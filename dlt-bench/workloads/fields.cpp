#include "workloads/fields.hpp"

#include <variant>

namespace dlt::bench {

const proto::Argument* Fields::at(std::string_view key) const noexcept {
  for (const auto& field : all_)
    if (field.key == key) return &field.value;
  return nullptr;
}

std::optional<std::uint64_t> Fields::find(std::string_view key) const noexcept {
  const proto::Argument* a = at(key);
  if (a == nullptr) return {};
  if (const auto* n = std::get_if<std::uint64_t>(&a->value)) return *n;
  if (const auto* b = std::get_if<bool>(&a->value)) return *b ? 1 : 0;
  return {};
}

std::uint64_t Fields::number(std::string_view key) const noexcept {
  const auto n = find(key);
  if (!n) complete_ = false;
  return n.value_or(0);
}

std::string_view Fields::text(std::string_view key) const noexcept {
  const proto::Argument* a = at(key);
  const auto* text = a != nullptr ? std::get_if<proto::Text>(&a->value) : nullptr;
  if (text == nullptr) complete_ = false;
  return text != nullptr ? text->text : std::string_view{};
}

}  // namespace dlt::bench
