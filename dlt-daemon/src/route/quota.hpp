// How much an application may send before the rest is left out.
#pragma once

#include <cstdint>
#include <map>

#include "dlt/proto/ids.hpp"

namespace dlt::daemon {

struct Quota {
  std::uint64_t rate = 0;   // bytes a second, > 0
  std::uint64_t burst = 0;  // bytes above that at once

  friend bool operator==(const Quota&, const Quota&) = default;
};
using Quotas = std::map<AppId, Quota>;  // the empty id: each of the others

}  // namespace dlt::daemon
