// Reading the value of a key into a member of Config: numbers, sizes, paths, addresses.
//
// Each returns what was expected if the text does not say that, and leaves the member as it is then. Pure; any thread.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <arpa/inet.h>

#include "config.hpp"
#include "trim.hpp"

namespace dlt::daemon::detail {

using Problem = std::optional<std::string>;
using Setter = Problem (*)(Config&, std::string_view);

inline std::optional<std::uint64_t> number(std::string_view text, int base = 10) noexcept {
  std::uint64_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return v;
}

inline Problem out_of(std::uint64_t low, std::uint64_t high) {
  return "expected a number from " + std::to_string(low) + " to " + std::to_string(high);
}

template <auto Member, std::uint64_t Low, std::uint64_t High>
Problem set_number(Config& c, std::string_view text) {
  const auto v = number(text);
  if (!v || *v < Low || *v > High) return out_of(Low, High);
  using T = std::remove_reference_t<decltype(c.*Member)>;
  c.*Member = static_cast<T>(*v);
  return std::nullopt;
}

template <auto Member>
Problem set_flag(Config& c, std::string_view text) {
  if (text != "0" && text != "1") return "expected 0 or 1";
  c.*Member = text == "1";
  return std::nullopt;
}

// Bytes, with k, M or G behind them or not; nothing if it is no number or does not fit one.
inline std::optional<std::uint64_t> size_of(std::string_view text) noexcept {
  constexpr std::string_view units = "kMG";
  const auto unit = text.empty() ? std::string_view::npos : units.find(text.back());
  const unsigned shift = unit == std::string_view::npos ? 0 : 10 * static_cast<unsigned>(unit + 1);
  const auto v = number(shift == 0 ? text : trim(text.substr(0, text.size() - 1)));
  if (!v || *v > (~std::uint64_t{0} >> shift)) return std::nullopt;
  return *v << shift;
}

template <auto Member, std::uint64_t Low, std::uint64_t High>
Problem set_size(Config& c, std::string_view text) {
  const auto v = size_of(text);
  if (!v || *v > High || *v < Low) return out_of(Low, High).value() + " bytes";
  c.*Member = *v;
  return std::nullopt;
}

template <auto Member, std::uint64_t Low, std::uint64_t High>
Problem set_duration(Config& c, std::string_view text) {
  const auto v = number(text);
  if (!v || *v < Low || *v > High) return out_of(Low, High);
  using T = std::remove_reference_t<decltype(c.*Member)>;
  c.*Member = T(static_cast<typename T::rep>(*v));
  return std::nullopt;
}

inline bool harmless(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

template <auto Member>
Problem set_path(Config& c, std::string_view text) {
  if (!harmless(text)) return "expected a path without control characters";
  if (!text.empty() && text.front() != '/') return "expected an absolute path";
  c.*Member = text;
  return std::nullopt;
}

template <auto Member>
Problem set_text(Config& c, std::string_view text) {
  if (!harmless(text)) return "expected a name";
  c.*Member = text;
  return std::nullopt;
}

inline constexpr std::size_t most_addresses = 64;

inline bool is_address(const std::string& text) noexcept {
  in6_addr any{};
  return text.find('\0') == std::string::npos &&
         (::inet_pton(AF_INET, text.c_str(), &any) == 1 || ::inet_pton(AF_INET6, text.c_str(), &any) == 1);
}

// Addresses with ';' or ',' between them, as the incumbent has it.
template <auto Member>
Problem set_addresses(Config& c, std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(";,"), text.size());
    const auto one = trim(text.substr(0, end));
    if (!is_address(std::string(one))) return "expected numeric addresses with ';' between them";
    if (list.size() == most_addresses) return "expected at most " + std::to_string(most_addresses) + " addresses";
    list.emplace_back(one);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (list.empty()) return "expected at least one address";
  c.*Member = std::move(list);
  return std::nullopt;
}

}  // namespace dlt::daemon::detail
