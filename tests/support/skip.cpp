#include "support/skip.hpp"

#include <cstdio>

namespace dlt::test {

namespace {
bool skipped = false;
}

void skip(const std::string& why) {
  skipped = true;
  std::printf("skipped: %s\n", why.c_str());
}

bool was_skipped() noexcept { return skipped; }

}  // namespace dlt::test
