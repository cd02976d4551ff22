#include "route/slab.hpp"

#include <new>

#include <sys/mman.h>

namespace dlt::daemon {

namespace {

// Mapped rather than taken from the heap: what is given back leaves the process at once.
std::span<std::byte> map(std::size_t size) {
  void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<std::byte*>(p), size};
}

void destroy(Slab* slab) noexcept {
  const auto memory = slab->memory();
  delete slab;
  ::munmap(memory.data(), memory.size());
}

}  // namespace

void SlabRef::release() noexcept {
  if (slab_ != nullptr && slab_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1)  // sync: slab-references
    slab_->pool_.give_back(slab_);
}

Pool::~Pool() {
  for (Slab* slab : idle_) destroy(slab);
}

SlabRef Pool::take() {
  const std::lock_guard lock(mutex_);
  idle_.reserve(idle_limit_);  // so that give_back() cannot fail
  if (!idle_.empty()) {
    Slab* slab = idle_.back();
    idle_.pop_back();
    return SlabRef(slab);
  }
  SlabRef fresh(new Slab(*this, map(slab_size_)));
  ++slabs_;
  return fresh;
}

std::size_t Pool::slabs() const {
  const std::lock_guard lock(mutex_);
  return slabs_;
}

void Pool::give_back(Slab* slab) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < idle_limit_) {
      idle_.push_back(slab);
      return;
    }
    --slabs_;
  }
  destroy(slab);
}

}  // namespace dlt::daemon
