#include "slab.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>

// There in a process that runs with LeakSanitizer, the library built with it or not.
// NOLINTNEXTLINE(bugprone-reserved-identifier): the name is the sanitizer's
extern "C" [[gnu::weak]] void __lsan_register_root_region(const void*, std::size_t);

namespace dlt::detail {

namespace {

constexpr std::size_t reservation = 256ULL << 20;  // address space; pages appear when they are touched

std::atomic<std::byte*> base{nullptr};  // sync: slab-base, released by whoever reserved it first
std::atomic<std::size_t> used{0};       // relaxed: only the number counts

std::byte* reserve() noexcept {
  void* p = mmap(nullptr, reservation, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return nullptr;
  std::byte* mine = static_cast<std::byte*>(p);
  std::byte* expected = nullptr;
  // sync: slab-base. Several threads may get here at once; one reservation stays.
  if (base.compare_exchange_strong(expected, mine, std::memory_order_release, std::memory_order_acquire)) {
    // What only queues and contexts point to would be called a leak of the application.
    if (__lsan_register_root_region != nullptr) __lsan_register_root_region(p, reservation);
    return mine;
  }
  munmap(p, reservation);
  return expected;
}

}  // namespace

void* Slab::allocate(std::size_t bytes) noexcept {
  std::byte* from = base.load(std::memory_order_acquire);  // sync: slab-base
  if (from == nullptr) from = reserve();
  if (from == nullptr) return nullptr;
  const std::size_t rounded = (bytes + 63) & ~std::size_t{63};
  if (rounded > reservation) return nullptr;
  const std::size_t at = used.fetch_add(rounded, std::memory_order_relaxed);
  if (at > reservation - rounded) {
    used.fetch_sub(rounded, std::memory_order_relaxed);
    return nullptr;
  }
  return from + at;
}

}  // namespace dlt::detail
