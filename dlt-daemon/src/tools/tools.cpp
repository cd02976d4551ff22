#include "tools/tools.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace dlt::tools {

std::optional<int> run_tool(int argc, const char* const* argv) {
  using Tool = int (*)(int, const char* const*);
  constexpr std::array<std::pair<std::string_view, Tool>, 3> all{
      {{"receive", receive}, {"cat", cat}, {"control", control}}};
  if (argc < 2) return std::nullopt;
  for (const auto& [name, tool] : all)
    if (name == argv[1]) return tool(argc - 1, argv + 1);
  return std::nullopt;
}

}  // namespace dlt::tools
