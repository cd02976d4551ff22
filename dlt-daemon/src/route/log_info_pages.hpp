// A list of contexts that fits no DLT frame, cut into several that do.
//
// Each page is a whole get_log_info answer of its own: an application that goes on on the next page is named there
// again, with its description, so that a client which adds up what it is told has the whole list. Views in the pages
// point where those of the list do. Pure; any thread.
#pragma once

#include <vector>

#include "dlt/proto/control.hpp"

namespace dlt::daemon {

// Pages of at most `limit` bytes of payload; a context that is longer than that has a page of its own.
[[nodiscard]] std::vector<proto::control::LogInfo> pages_of(const proto::control::LogInfo& list, std::size_t limit);

}  // namespace dlt::daemon
