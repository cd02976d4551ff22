// What the queue's workload and those who read its log agree on.
#pragma once

namespace dlt::bench {

inline constexpr unsigned queue_consumers = 2;  // of each queue, behind its producers in the numbering of threads

}  // namespace dlt::bench
