#include "arena.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <new>

#include "sealed_memory.hpp"

namespace dlt::detail {

namespace layout = proto::arena;

static_assert(std::endian::native == std::endian::little, "the daemon reads what the library writes in place");

std::error_code Arena::open(std::uint64_t bytes) noexcept {
  size_ = bytes / granule * granule;
  const auto memory = SealedMemory::make("dlt-arena", size_);
  if (!memory) return memory.error();
  fd_ = memory->fd;
  base_ = memory->base;
  shareable_ = memory->shareable;
  const std::uint64_t first = layout::first_chunk_for(size_);
  header_ = new (base_) Header{{},
                               layout::version,
                               static_cast<std::uint32_t>(getpid()),
                               granule,
                               layout::slots_for(size_),
                               first,
                               layout::slots_at,
                               first};
  std::memcpy(header_->magic, layout::magic.data(), layout::magic.size());
  return {};
}

Arena::~Arena() {
  if (header_ != nullptr) munmap(header_, size_);
  if (fd_ >= 0) close(fd_);
}

void Arena::abandon_in_child() noexcept {
  SealedMemory::abandon_in_child(fd_, header_, size_);
  fd_ = -1;
}

Chunk* Arena::take(std::uint32_t bytes) noexcept {
  std::uint64_t at = header_->used.load(std::memory_order_relaxed);
  do {
    if (size_ - at < bytes) return nullptr;
  } while (!header_->used.compare_exchange_weak(at, at + bytes, std::memory_order_relaxed));
  auto* chunk = new (base_ + at) Chunk;
  chunk->size.store(bytes, std::memory_order_relaxed);
  return chunk;
}

// The file begins as zeros, which is how Books, CarryRecord and Buffer begin: nobody has to construct them.
Books* Arena::books(std::uint32_t slot) noexcept {
  if (slot >= header_->slots) return nullptr;
  return reinterpret_cast<Books*>(base_ + layout::slots_at + std::uint64_t{slot} * layout::slot_size);
}

CarryRecord& Arena::carry() noexcept { return *reinterpret_cast<CarryRecord*>(base_ + layout::carry_at); }

Arena::Buffer& Arena::buffer(std::uint32_t index) noexcept {
  return *reinterpret_cast<Buffer*>(base_ + layout::buffers_at + index * layout::buffer_size);
}

void Arena::set_told(std::uint32_t index, std::size_t cause, std::uint64_t count) noexcept {
  buffer(index).told[cause].store(count, std::memory_order_relaxed);
}

void Arena::set_mode(std::uint32_t index, std::uint64_t mode) noexcept {
  buffer(index).mode.store(mode, std::memory_order_relaxed);
}

}  // namespace dlt::detail
