// How often the calling thread has asked operator new for memory, also inside of libraries. Any thread.
//
// A program that uses this has an operator new that counts; with a sanitizer, which needs its own, nothing is counted.
#pragma once

#include <cstdint>

namespace dlt::bench {

[[nodiscard]] std::uint64_t allocations() noexcept;
inline constexpr bool counts_allocations =
#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN)
    false;
#else
    true;
#endif

}  // namespace dlt::bench
