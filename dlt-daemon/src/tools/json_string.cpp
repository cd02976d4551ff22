#include "tools/json_string.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace dlt::tools {

void append_json_string(std::string& out, std::string_view text) {
  const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (std::all_of(text.begin(), text.end(), plain)) {  // nearly all
    ((out += '"') += text) += '"';
    return;
  }
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string utf8(std::string_view text) {
  const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(text.begin(), text.end(), ascii)) return std::string(text);
  std::string json;
  append_json_string(json, text);
  return nlohmann::json::parse(json).get<std::string>();
}

}  // namespace dlt::tools
