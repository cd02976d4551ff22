// The named values of a stored message, by their keys. Views live as long as the message. One thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tools/fields.hpp"

namespace dlt::bench {

class Fields {
 public:
  explicit Fields(const proto::MessageView& message) : all_(tools::fields_of(message)) {}

  // A whole number; nothing where there is none of that name.
  [[nodiscard]] std::optional<std::uint64_t> find(std::string_view key) const noexcept;
  // 0, and complete() is false from now on, where there is none.
  [[nodiscard]] std::uint64_t number(std::string_view key) const noexcept;
  // Likewise an empty one.
  [[nodiscard]] std::string_view text(std::string_view key) const noexcept;
  [[nodiscard]] bool complete() const noexcept { return complete_; }

 private:
  [[nodiscard]] const proto::Argument* at(std::string_view key) const noexcept;

  std::vector<tools::Field> all_;
  mutable bool complete_ = true;
};

}  // namespace dlt::bench
