#include "software_version.hpp"

#include <spdlog/spdlog.h>

#include <fstream>
#include <iterator>

#include "version.hpp"

namespace dlt::daemon {

namespace {
constexpr std::size_t longest = 4000;
}

std::string field_of(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(key) || line.size() == key.size() || line[key.size()] != '=') continue;
    line.remove_prefix(key.size() + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool quoted =
        line.size() >= 2 && (line.front() == '"' || line.front() == '\'') && line.back() == line.front();
    return std::string(quoted ? line.substr(1, line.size() - 2) : line);
  }
  return {};
}

std::string software_version(const std::string& file, const std::string& field) {
  const std::string own = std::string("dlt-daemon ") + version;
  if (file.empty()) return own;
  std::ifstream in(file, std::ios::binary);
  std::string text(longest + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  if (!field.empty()) text = field_of(text, field);
  if (!text.empty() && text.size() <= longest) return text;
  spdlog::error("{} is no software version: it {}", file,
                text.size() > longest ? "is too long"
                : field.empty()       ? "cannot be read or is empty"
                                      : "has no line that begins with " + field + "=");
  return own;
}

}  // namespace dlt::daemon
