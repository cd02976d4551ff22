#include "arena.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <new>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace dlt::detail {

namespace layout = proto::arena;

static_assert(std::endian::native == std::endian::little, "the daemon reads what the library writes in place");

std::error_code Arena::open(std::uint64_t bytes) noexcept {
  size_ = bytes / granule * granule;
  fd_ = memfd_create("dlt-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd_ < 0 || ftruncate(fd_, static_cast<off_t>(size_)) != 0) return {errno, std::generic_category()};
  void* p = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd_, 0);
  if (p == MAP_FAILED) return {errno, std::generic_category()};
  base_ = static_cast<std::byte*>(p);
  header_ = static_cast<Header*>(p);
  // FUTURE_WRITE came with Linux 5.1; without it the others must do, and the daemon does not hear of the file.
  const bool sealed = fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) == 0;
  if (!sealed && fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) return {errno, std::generic_category()};
  shareable_ = lock() && sealed;
  const std::uint64_t first = layout::first_chunk_for(size_);
  new (p) Header{{},
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

// A record lock belongs to the process, not to the descriptor: neither a forked child nor the daemon has it.
bool Arena::lock() noexcept {
  struct flock first_byte {};
  first_byte.l_type = F_WRLCK;
  first_byte.l_whence = SEEK_SET;
  first_byte.l_len = 1;
  return fcntl(fd_, F_SETLK, &first_byte) == 0;
}

Arena::~Arena() {
  if (header_ != nullptr) munmap(header_, size_);
  if (fd_ >= 0) close(fd_);
}

void Arena::abandon_in_child() noexcept {
  // Refused, the parent's memory stays: that harms nobody but a call which this fork interrupted.
  (void)mmap(header_, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  close(fd_);
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
