// What an application's developer should see, on stderr. Any thread.
#pragma once

#include <cstdio>
#include <string>

namespace dlt::detail {

inline void complain(const std::string& what) noexcept { std::fprintf(stderr, "libdlt-user: %s\n", what.c_str()); }

}  // namespace dlt::detail
