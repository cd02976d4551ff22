#include "harness/allocations.hpp"

#include <cstdlib>
#include <new>

namespace dlt::bench {
namespace {
constinit thread_local std::uint64_t count = 0;
}

std::uint64_t allocations() noexcept { return count; }

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)
namespace {
void* counted_new(std::size_t bytes) {
  ++count;
  if (void* p = std::malloc(bytes != 0 ? bytes : 1)) return p;
  throw std::bad_alloc();
}
}  // namespace
#endif

}  // namespace dlt::bench

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)
void* operator new(std::size_t bytes) { return dlt::bench::counted_new(bytes); }
void* operator new[](std::size_t bytes) { return dlt::bench::counted_new(bytes); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
#endif
