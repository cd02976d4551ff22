#include "arena.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace dlt::detail {

std::error_code Arena::open(std::uint64_t bytes) noexcept {
  size_ = bytes / granule * granule;
  fd_ = memfd_create("dlt-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd_ < 0 || ftruncate(fd_, static_cast<off_t>(size_)) != 0) return {errno, std::generic_category()};
  void* p = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd_, 0);
  if (p == MAP_FAILED) return {errno, std::generic_category()};
  header_ = static_cast<Header*>(p);
  // FUTURE_WRITE came with Linux 5.1; without it the others must do.
  if (fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) != 0 &&
      fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
    return {errno, std::generic_category()};
  new (p) Header{{}, 1, static_cast<std::uint32_t>(getpid()), granule, first_chunk};
  std::memcpy(header_->magic, "DLTARENA", 8);
  return {};
}

Arena::~Arena() {
  if (header_ != nullptr) munmap(header_, size_);
  if (fd_ >= 0) close(fd_);
}

void Arena::abandon_in_child() noexcept {
  mmap(header_, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  close(fd_);
  fd_ = -1;
}

Chunk* Arena::take(std::uint32_t bytes) noexcept {
  std::uint64_t at = header_->used.load(std::memory_order_relaxed);
  do {
    if (size_ - at < bytes) return nullptr;
  } while (!header_->used.compare_exchange_weak(at, at + bytes, std::memory_order_relaxed));
  auto* chunk = new (reinterpret_cast<std::byte*>(header_) + at) Chunk;
  chunk->size.store(bytes, std::memory_order_relaxed);
  return chunk;
}

}  // namespace dlt::detail
