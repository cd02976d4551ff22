#include "dlt/proto/error.hpp"

namespace dlt {

namespace {

class Category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "dlt"; }
  [[nodiscard]] std::string message(int code) const override {
    switch (static_cast<Errc>(code)) {
      case Errc::truncated: return "the bytes end too early";
      case Errc::bad_magic: return "not the expected pattern";
      case Errc::bad_version: return "unknown protocol version";
      case Errc::bad_length: return "a length that cannot be";
      case Errc::unsupported: return "not supported";
      case Errc::invalid_argument: return "value out of range";
      case Errc::too_large: return "over the limit";
      case Errc::not_started: return "logging is not started";
      case Errc::already_started: return "logging is started already";
      case Errc::timed_out: return "timed out";
      case Errc::closed: return "closed by the other end";
    }
    return "unknown error " + std::to_string(code);
  }
};

}  // namespace

const std::error_category& error_category() noexcept {
  static const Category category;
  return category;
}

}  // namespace dlt
