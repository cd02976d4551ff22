// What arrived, in words that tests compare.
#pragma once

#include <string>
#include <vector>

#include "dlt/proto/message.hpp"
#include "dlt/proto/text.hpp"

namespace dlt::test {

[[nodiscard]] inline std::string payload_of(const std::vector<std::byte>& frame) {
  const auto message = proto::MessageView::parse(frame);
  if (!message) return "not a message";
  std::string text;
  proto::append_payload(text, *message);
  return text;
}

// The first argument of each frame as a number.
[[nodiscard]] inline std::vector<std::uint64_t> first_numbers(const std::vector<std::vector<std::byte>>& frames) {
  std::vector<std::uint64_t> all;
  for (const auto& f : frames) all.push_back(proto::load_le<std::uint64_t>(f.data() + 30));
  return all;
}

}  // namespace dlt::test
