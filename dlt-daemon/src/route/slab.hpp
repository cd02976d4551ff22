// The memory that received bytes live in, from the read to the last sink that needs them.
//
//   Slab   one block of memory with a reference count; filled front to back, never changed behind the fill mark
//   Pool   hands out slabs and keeps a few idle ones, so that steady traffic neither allocates nor faults pages in
//
// Take slabs on the io thread; references may be dropped on any thread (the storage thread drops its own).
// A pool outlives its slabs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace dlt::daemon {

class Pool;

class Slab {
 public:
  Slab(Pool& pool, std::span<std::byte> memory) noexcept : memory_(memory), pool_(pool) {}
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  [[nodiscard]] std::span<std::byte> memory() const noexcept { return memory_; }

 private:
  friend class SlabRef;
  friend class Pool;

  std::span<std::byte> memory_;
  Pool& pool_;
  std::atomic<std::uint32_t> references_{0};  // written and read by every holder; sync: slab-references
};

// A shared handle. Copying costs one atomic increment.
class SlabRef {
 public:
  SlabRef() = default;
  explicit SlabRef(Slab* slab) noexcept : slab_(slab) { retain(); }
  SlabRef(const SlabRef& other) noexcept : slab_(other.slab_) { retain(); }
  SlabRef(SlabRef&& other) noexcept : slab_(std::exchange(other.slab_, nullptr)) {}
  SlabRef& operator=(SlabRef other) noexcept {
    std::swap(slab_, other.slab_);
    return *this;
  }
  ~SlabRef() { release(); }

  explicit operator bool() const noexcept { return slab_ != nullptr; }
  [[nodiscard]] Slab* get() const noexcept { return slab_; }
  // Where there is one.
  [[nodiscard]] bool holds(const std::byte* at) const noexcept {
    const auto memory = slab_->memory();
    return at >= memory.data() && at < memory.data() + memory.size();
  }
  // True while nobody else holds the slab, so its bytes may be written again.
  [[nodiscard]] bool unique() const noexcept {
    return slab_->references_.load(std::memory_order_acquire) == 1;  // sync: slab-references
  }

 private:
  void retain() const noexcept {
    if (slab_ != nullptr) slab_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept;

  Slab* slab_ = nullptr;
};

class Pool {
 public:
  // Slabs of `slab_size` bytes; at most `idle_limit` of them are kept when nobody needs them.
  explicit Pool(std::size_t slab_size = default_slab_size, std::size_t idle_limit = 4)
      : slab_size_(slab_size), idle_limit_(idle_limit) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  // Throws std::bad_alloc when there is no memory; the connection that needed it ends then.
  [[nodiscard]] SlabRef take();

  [[nodiscard]] std::size_t slab_size() const noexcept { return slab_size_; }
  [[nodiscard]] std::size_t slabs() const;  // that exist, in use or idle

  static constexpr std::size_t default_slab_size = 512 * 1024;

 private:
  friend class SlabRef;
  void give_back(Slab* slab) noexcept;

  const std::size_t slab_size_;
  const std::size_t idle_limit_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<Slab*> idle_;
  std::size_t slabs_ = 0;
};

}  // namespace dlt::daemon
