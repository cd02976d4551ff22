// The values of a command line's option that may be repeated, each as it was given: a vector's are cut at their commas
// by cxxopts. Values: from any thread.
#pragma once

#include <cxxopts.hpp>

#include <string>
#include <vector>

namespace dlt {
struct Words;
}
template <>
struct cxxopts::values::type_is_container<dlt::Words> {
  static constexpr bool value = true;
};

namespace dlt {

struct Words {
  std::vector<std::string> all;
};
inline void parse_value(const std::string& text, Words& value) { value.all.push_back(text); }

}  // namespace dlt
