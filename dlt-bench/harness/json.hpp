// The JSON of reports and statuses. Included by few sources only: it costs seconds of compile time.
#pragma once

#include <nlohmann/json.hpp>

namespace dlt::bench {

using Json = nlohmann::json;

}  // namespace dlt::bench
