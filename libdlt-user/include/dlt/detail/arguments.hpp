// From C++ values to argument bytes: normal() brings a value into one of a few forms, Form<T> knows their size and
// writes them. All sizes but those of text are compile-time constants. Everything inline; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ratio>
#include <span>
#include <string_view>
#include <type_traits>

#include "dlt/encode.hpp"

namespace dlt::detail {

namespace ti = proto::type_info;

template <class T>
DLT_INLINE std::byte* store(std::byte* p, T value) noexcept {
  std::memcpy(p, &value, sizeof value);
  return p + sizeof value;
}

// memcpy for the short texts that logs are made of: two overlapping moves instead of a call.
DLT_INLINE void copy_text(std::byte* to, const char* from, std::size_t n) noexcept {
  const auto pair = [&]<class W>(W) {
    W head;
    W tail;
    std::memcpy(&head, from, sizeof(W));
    std::memcpy(&tail, from + n - sizeof(W), sizeof(W));
    std::memcpy(to, &head, sizeof(W));
    std::memcpy(to + n - sizeof(W), &tail, sizeof(W));
  };
  struct Sixteen {
    std::uint64_t low;
    std::uint64_t high;
  };
  if (n - 8 <= 8) [[likely]] {
    pair(std::uint64_t{});
  } else if (n - 16 <= 16) {
    pair(Sixteen{});
  } else if (n > 32) {
    std::memcpy(to, from, n);
  } else if (n >= 4) {
    pair(std::uint32_t{});
  } else if (n > 0) {
    to[0] = static_cast<std::byte>(from[0]);
    to[n / 2] = static_cast<std::byte>(from[n / 2]);
    to[n - 1] = static_cast<std::byte>(from[n - 1]);
  }
}

// ── The forms ────────────────────────────────────────────────────────────────────────────────────────────────────────

struct Text {
  std::string_view value;
};
struct Raw {
  std::span<const std::byte> value;
};
struct OneChar {
  char value;
};
template <class T>
struct Quantity {  // a duration: number and unit, two arguments
  T value;
  std::string_view unit;
};
template <class F>
struct Keyed {  // "key=" and the value
  std::string_view key;
  F form;
};
template <class T>
struct Custom {
  const T& value;
};

template <class F>
struct Form;  // count, bounded (has a computable size), size(f), put(p, f)

inline constexpr std::size_t max_text = 65533;  // longer text is cut on the bounded path, before its length is written

DLT_INLINE std::byte* put_text(std::byte* p, std::string_view text) noexcept {
  p = store(p, ti::string | ti::utf8);
  p = store(p, static_cast<std::uint16_t>(text.size() + 1));
  copy_text(p, text.data(), text.size());
  p[text.size()] = std::byte{0};
  return p + text.size() + 1;
}
inline constexpr std::size_t text_overhead = 4 + 2 + 1;  // type info, length, NUL

template <class T>
  requires std::is_arithmetic_v<T>
[[nodiscard]] consteval std::uint32_t type_of() noexcept {
  if (std::same_as<T, bool>) return ti::boolean | ti::bits_8;
  const std::uint32_t kind = std::is_floating_point_v<T> ? ti::floating
                             : std::is_signed_v<T>       ? ti::signed_integer
                                                         : ti::unsigned_integer;
  return kind | ti::length_of<T>();
}

template <class T>
  requires std::is_arithmetic_v<T>
struct Form<T> {
  static constexpr std::uint32_t count = 1;
  static constexpr bool sized = true;
  static constexpr std::size_t size(T) noexcept { return 4 + sizeof(T); }
  DLT_INLINE static std::byte* put(std::byte* p, T value) noexcept { return store(store(p, type_of<T>()), value); }
};
template <>
struct Form<Text> {
  static constexpr std::uint32_t count = 1;
  static constexpr bool sized = true;
  DLT_INLINE static std::size_t size(Text t) noexcept { return text_overhead + t.value.size(); }
  DLT_INLINE static std::byte* put(std::byte* p, Text t) noexcept { return put_text(p, t.value); }
};
template <>
struct Form<OneChar> {
  static constexpr std::uint32_t count = 1;
  static constexpr bool sized = true;
  static constexpr std::size_t size(OneChar) noexcept { return text_overhead + 1; }
  DLT_INLINE static std::byte* put(std::byte* p, OneChar c) noexcept { return put_text(p, {&c.value, 1}); }
};
template <>
struct Form<Raw> {
  static constexpr std::uint32_t count = 1;
  static constexpr bool sized = true;
  DLT_INLINE static std::size_t size(Raw r) noexcept { return 4 + 2 + r.value.size(); }
  DLT_INLINE static std::byte* put(std::byte* p, Raw r) noexcept {
    p = store(p, ti::raw);
    p = store(p, static_cast<std::uint16_t>(r.value.size()));
    if (!r.value.empty()) std::memcpy(p, r.value.data(), r.value.size());
    return p + r.value.size();
  }
};
// A number whose type tells viewers to show it in another base.
template <class Shown, class T, std::uint32_t Base>
struct BasedForm {
  static constexpr std::uint32_t count = 1;
  static constexpr bool sized = true;
  static constexpr std::size_t size(Shown) noexcept { return 4 + sizeof(T); }
  DLT_INLINE static std::byte* put(std::byte* p, Shown n) noexcept {
    return store(store(p, type_of<T>() | Base), n.value);
  }
};
template <class T>
struct Form<Hex<T>> : BasedForm<Hex<T>, T, ti::hex> {};
template <class T>
struct Form<Bin<T>> : BasedForm<Bin<T>, T, ti::bin> {};
template <class T>
struct Form<Named<T>> {
  static constexpr std::uint32_t count = 1;
  static constexpr bool sized = true;
  static std::size_t size(const Named<T>& n) noexcept {
    return 4 + 2 + 2 + n.name.size() + 1 + unit_size(n) + sizeof(T);
  }
  static std::byte* put(std::byte* p, const Named<T>& n) noexcept {
    p = store(p, type_of<T>() | ti::named);
    p = store(p, static_cast<std::uint16_t>(n.name.size() + 1));
    p = store(p, static_cast<std::uint16_t>(unit_size(n)));
    p = put_zero_ended(p, n.name);
    if (!n.unit.empty()) p = put_zero_ended(p, n.unit);
    return store(p, n.value);
  }

 private:
  static std::size_t unit_size(const Named<T>& n) noexcept { return n.unit.empty() ? 0 : n.unit.size() + 1; }
  static std::byte* put_zero_ended(std::byte* p, std::string_view s) noexcept {
    copy_text(p, s.data(), s.size());
    p[s.size()] = std::byte{0};
    return p + s.size() + 1;
  }
};
template <class T>
struct Form<Quantity<T>> {
  static constexpr std::uint32_t count = 2;
  static constexpr bool sized = true;
  DLT_INLINE static std::size_t size(const Quantity<T>& q) noexcept {
    return 4 + sizeof(T) + text_overhead + q.unit.size();
  }
  DLT_INLINE static std::byte* put(std::byte* p, const Quantity<T>& q) noexcept {
    return put_text(Form<T>::put(p, q.value), q.unit);
  }
};
template <class F>
struct Form<Keyed<F>> {
  static constexpr std::uint32_t count = 1 + Form<F>::count;
  static constexpr bool sized = Form<F>::sized;
  DLT_INLINE static std::size_t size(const Keyed<F>& k) noexcept {
    return text_overhead + k.key.size() + 1 + Form<F>::size(k.form);
  }
  DLT_INLINE static std::byte* put(std::byte* p, const Keyed<F>& k) noexcept {
    p = store(p, ti::string | ti::utf8);
    p = store(p, static_cast<std::uint16_t>(k.key.size() + 2));
    copy_text(p, k.key.data(), k.key.size());
    p += k.key.size();
    p = store(p, std::uint16_t{'='});  // '=' and the NUL
    return Form<F>::put(p, k.form);
  }
};
template <class T>
struct Form<Custom<T>> {
  static constexpr std::uint32_t count = 0;  // known when it is encoded
  static constexpr bool sized = false;
  static constexpr std::size_t size(const Custom<T>&) noexcept { return 0; }
  static std::byte* put(std::byte* p, const Custom<T>&) noexcept { return p; }
};

// ── From values to forms ─────────────────────────────────────────────────────────────────────────────────────────────

template <class Period>
[[nodiscard]] consteval std::string_view unit_of() noexcept {
  if (std::ratio_equal_v<Period, std::nano>) return "ns";
  if (std::ratio_equal_v<Period, std::micro>) return "us";
  if (std::ratio_equal_v<Period, std::milli>) return "ms";
  if (std::ratio_equal_v<Period, std::ratio<1>>) return "s";
  if (std::ratio_equal_v<Period, std::ratio<60>>) return "min";
  if (std::ratio_equal_v<Period, std::ratio<3600>>) return "h";
  if (std::ratio_equal_v<Period, std::ratio<86400>>) return "d";
  return "";
}

template <class T>
inline constexpr bool is_key_value = false;
template <class T>
inline constexpr bool is_key_value<KeyValue<T>> = true;

template <class T>
inline constexpr bool is_duration = false;
template <class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;

template <class T>
inline constexpr bool is_form = false;
template <class T>
inline constexpr bool is_form<Hex<T>> = true;
template <class T>
inline constexpr bool is_form<Bin<T>> = true;
template <class T>
inline constexpr bool is_form<Named<T>> = true;

template <class T>
concept TextLike = std::convertible_to<const T&, std::string_view>;
template <class T>
concept RawLike = std::convertible_to<const T&, std::span<const std::byte>>;
template <class T>
concept Loggable =
    HasEncoder<T> || std::is_arithmetic_v<T> || std::is_enum_v<T> || TextLike<T> || RawLike<T> ||
    std::is_pointer_v<std::decay_t<T>> || std::is_null_pointer_v<T> || is_duration<T> || is_key_value<T> || is_form<T>;

template <class T>
inline constexpr bool loggable_or_explained = [] {
  static_assert(Loggable<T>, "this type is not loggable: specialise dlt::Encoder<T> for it");
  return true;
}();

template <class T>
DLT_INLINE constexpr auto normal(const T& v) noexcept {
  static_assert(loggable_or_explained<T>);
  if constexpr (HasEncoder<T>) return Custom<T>{v};
  else if constexpr (std::same_as<T, char>) return OneChar{v};
  else if constexpr (std::same_as<T, long double>) return static_cast<double>(v);
  else if constexpr (std::is_arithmetic_v<T> || is_form<T>) return v;
  else if constexpr (std::is_enum_v<T>) return static_cast<std::underlying_type_t<T>>(v);
  else if constexpr (is_key_value<T>) return Keyed<decltype(normal(v.value))>{v.key, normal(v.value)};
  else if constexpr (is_duration<T>) return Quantity<typename T::rep>{v.count(), unit_of<typename T::period>()};
  else if constexpr (std::same_as<std::decay_t<T>, const char*> || std::same_as<std::decay_t<T>, char*>) {
    const char* text = v;
    return text != nullptr ? Text{text} : Text{"(null)"};
  } else if constexpr (TextLike<T>) return Text{std::string_view(v)};
  else if constexpr (RawLike<T>) return Raw{std::span<const std::byte>(v)};
  else if constexpr (std::is_null_pointer_v<T>) return Hex<std::uint64_t>{0};
  else return Hex<std::uint64_t>{reinterpret_cast<std::uintptr_t>(v)};
}

// Writes one form through the bounded writer: the way for user types and for what is too long.
template <class F>
void put_bounded(ArgumentWriter& out, const F& form) noexcept {
  if constexpr (std::same_as<F, Text>) {
    out.text(form.value);
  } else if constexpr (std::same_as<F, Raw>) {
    out.raw(form.value);
  } else if constexpr (requires {
                         form.key;
                         form.form;
                       }) {
    out.key(form.key);
    out.beneath(form.key, [&] { put_bounded(out, form.form); });
  } else if constexpr (!Form<F>::sized) {
    Encoder<std::remove_cvref_t<decltype(form.value)>>::encode(out, form.value);
  } else if constexpr (requires { form.unit; } && Form<F>::count == 2) {
    out.number(form.value);
    out.text(form.unit);
  } else {
    if (std::byte* p = out.claim(Form<F>::size(form))) Form<F>::put(p, form);
  }
}

}  // namespace dlt::detail

namespace dlt {

template <class T>
  requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>)
void ArgumentWriter::number(T value) noexcept {
  detail::put_bounded(*this, value);
}
inline void ArgumentWriter::boolean(bool value) noexcept { detail::put_bounded(*this, value); }
template <class T>
void ArgumentWriter::value(const T& v) noexcept {
  detail::put_bounded(*this, detail::normal(v));
}

}  // namespace dlt
