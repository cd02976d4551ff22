// What can go wrong, and Result<T>: a value or the reason why there is none.
//
// No exceptions cross the interfaces of this project. Any thread may use these types; they share nothing.
#pragma once

#include <cassert>
#include <string>
#include <system_error>
#include <utility>
#include <variant>

namespace dlt {

// Our own reasons. The values are stable: they may appear in logs and in --status.
enum class Errc {
  truncated = 1,         // the bytes end before the item does
  bad_magic = 2,         // not the pattern that must stand here
  bad_version = 3,       // a protocol version that is not spoken here
  bad_length = 4,        // a length that contradicts itself or the limit
  unsupported = 5,       // well formed, but not something that this program handles
  invalid_argument = 6,  // a value outside its range
  too_large = 7,         // would exceed a limit
  not_started = 8,       // dlt::start() has not been called
  already_started = 9,   // dlt::start() was called before, and that session goes on; or by a callback of one
  timed_out = 10,        // a limit passed first
  closed = 11,           // the other end is gone
};

// Visible: one category for a program and the libraries in it, whoever of them links this.
[[nodiscard, gnu::visibility("default")]] const std::error_category& error_category() noexcept;
[[nodiscard]] inline std::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), error_category()};
}

// Holds a T or a std::error_code. Test it before use; using the wrong half is a broken promise (assert).
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}           // NOLINT(google-explicit-constructor)
  Result(std::error_code error) : state_(error) {}        // NOLINT(google-explicit-constructor)
  Result(Errc error) : state_(make_error_code(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & noexcept {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& operator*() const& noexcept {
    assert(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& operator*() && noexcept {
    assert(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T* operator->() noexcept {
    assert(has_value());
    return std::get_if<0>(&state_);
  }
  const T* operator->() const noexcept {
    assert(has_value());
    return std::get_if<0>(&state_);
  }

  // The reason; an empty code where there is a value.
  [[nodiscard]] std::error_code error() const noexcept {
    const auto* e = std::get_if<1>(&state_);
    return e != nullptr ? *e : std::error_code{};
  }

 private:
  std::variant<T, std::error_code> state_;
};

}  // namespace dlt

template <>
struct std::is_error_code_enum<dlt::Errc> : std::true_type {};
