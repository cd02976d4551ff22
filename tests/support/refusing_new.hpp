// An operator new that refuses the thread that says so. For one file of a test program, and not where a sanitizer
// brings an operator of its own.
#pragma once

#include <cstdlib>
#include <new>

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)

namespace dlt::test {
inline thread_local bool refuses = false;  // the calling thread's requests, from now on
}

void* operator new(std::size_t n) {
  void* const p = dlt::test::refuses ? nullptr : std::malloc(n);
  if (p == nullptr) throw std::bad_alloc();
  return p;
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

#endif
