// Memory for what lives as long as the process: queues, contexts and the blocks inside moodycamel's queues.
//
// One reservation of address space, handed out upwards with one fetch_add and never given back; things that are no
// longer needed are reused by their owners. So no log call, not even a thread's first, takes the allocator's locks.
// Any thread, also in a forked child (the memory is private to each process).
#pragma once

#include <cstddef>
#include <new>
#include <utility>

namespace dlt::detail {

class Slab {
 public:
  // Zeroed, aligned to 64; nullptr when the reservation is used up or the kernel refused it.
  [[nodiscard]] static void* allocate(std::size_t bytes) noexcept;

  template <class T, class... Args>
  [[nodiscard]] static T* make(Args&&... args) noexcept {
    void* p = allocate(sizeof(T));
    return p != nullptr ? new (p) T(std::forward<Args>(args)...) : nullptr;
  }
};

}  // namespace dlt::detail
