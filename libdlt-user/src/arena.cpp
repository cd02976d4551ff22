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
  size_ = bytes / chunk_size * chunk_size;
  fd_ = memfd_create("dlt-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd_ < 0 || ftruncate(fd_, static_cast<off_t>(size_)) != 0) return {errno, std::generic_category()};
  void* p = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd_, 0);
  if (p == MAP_FAILED) return {errno, std::generic_category()};
  // FUTURE_WRITE came with Linux 5.1; without it the others must do.
  if (fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) != 0 &&
      fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0)
    return {errno, std::generic_category()};
  header_ = new (p) Header{{}, 1, static_cast<std::uint32_t>(getpid()), chunk_size, 0};
  std::memcpy(header_->magic, "DLTARENA", 8);
  chunks_ = static_cast<std::uint32_t>((size_ - first_chunk) / chunk_size);
  return {};
}

Chunk* Arena::take() noexcept {
  std::uint32_t i = header_->used.load(std::memory_order_relaxed);
  do {
    if (i >= chunks_) return nullptr;
  } while (!header_->used.compare_exchange_weak(i, i + 1, std::memory_order_relaxed));
  void* p = reinterpret_cast<std::byte*>(header_) + first_chunk + std::size_t{i} * chunk_size;
  return new (p) Chunk;
}

}  // namespace dlt::detail
