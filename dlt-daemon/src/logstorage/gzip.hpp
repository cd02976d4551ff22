// Makes one whole gzip member of a piece: a file of them is what zcat reads, and a torn tail loses the last one only.
//
// One thread.
#pragma once

#include <vector>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"

namespace dlt::daemon::logstorage {

[[nodiscard]] Result<std::vector<std::byte>> gzip(proto::Bytes plain);

}  // namespace dlt::daemon::logstorage
