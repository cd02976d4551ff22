// A JSON value as its text, put together from front to back. Unlike nlohmann::json, whose destructor allocates, it may
// run out of memory at any point: std::bad_alloc then goes to the caller. Pure; any thread.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace dlt::daemon {

class JsonText {
 public:
  using Members = std::initializer_list<std::pair<std::string_view, JsonText>>;

  JsonText(Members members) : JsonText(object()) {  // an object
    for (const auto& [key, value] : members) add(key, value);
  }
  JsonText(bool value) : text_(value ? "true" : "false") {}
  template <class T>
    requires(std::integral<T> || std::floating_point<T>) && (!std::same_as<T, bool>)
  JsonText(T value) : text_(fmt::format("{}", value)) {}
  JsonText(std::string_view value) : text_(quoted(value)) {}
  JsonText(const std::string& value) : JsonText(std::string_view(value)) {}
  JsonText(const char* value) : JsonText(std::string_view(value)) {}

  [[nodiscard]] static JsonText object() { return JsonText(std::string("{}"), 0); }
  [[nodiscard]] static JsonText array() { return JsonText(std::string("[]"), 0); }
  [[nodiscard]] static JsonText null() { return JsonText(std::string("null"), 0); }

  void add(std::string_view key, const JsonText& value) { put(quoted(key) + ": " + value.text_); }
  void push_back(const JsonText& value) { put(value.text_); }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  JsonText(std::string raw, int) : text_(std::move(raw)) {}
  void put(const std::string& member) {
    const std::string_view between = text_.size() > 2 ? ", " : "";
    text_.insert(text_.size() - 1, std::string(between) + member);
  }
  // Only ASCII; what is no UTF-8 is replaced. Nearly all texts need nothing of that, and there are ten to a context.
  static std::string quoted(std::string_view text) {
    const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
    if (std::all_of(text.begin(), text.end(), plain)) return fmt::format("\"{}\"", text);
    return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  }

  std::string text_;
};

}  // namespace dlt::daemon
