// The filter files of the incumbent's tools: lines "APID CTID" (-f), and JSON (-j).
//
//   APID CTID          { "any name": { "AppId": "APID", "ContextId": "CTID", "LogLevel": "3",
//   APID                               "PayloadMin": "20", "PayloadMax": "50" }, ... }
//
// In a line "----", in JSON an empty id or none, stands for any id. A LogLevel is that level alone (0: any), the sizes
// are those of the payload in bytes. A message passes if one entry matches, or if it has no extended header: so does
// it there. Numbers in JSON may be written as such or as texts. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dlt/proto/message.hpp"

namespace dlt::tools {

class FilterFile {
 public:
  // What is wrong with the text; nothing where its entries have been added.
  [[nodiscard]] std::optional<std::string> add_lines(std::string_view text);
  [[nodiscard]] std::optional<std::string> add_json(std::string_view text);

  [[nodiscard]] bool pass(const proto::MessageView& message) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

 private:
  struct Entry {
    AppId app;
    ContextId context;
    std::uint8_t level = 0;
    std::uint64_t payload_min = 0;
    std::uint64_t payload_max = UINT64_MAX;

    [[nodiscard]] bool matches(const proto::MessageView& message) const noexcept;
  };

  std::vector<Entry> entries_;
};

}  // namespace dlt::tools
