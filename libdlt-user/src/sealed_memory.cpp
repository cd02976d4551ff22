#include "sealed_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace dlt::detail {

namespace {

// A record lock belongs to the process, not to the descriptor: neither a forked child nor the daemon has it.
bool lock(int fd) noexcept {
  struct flock first_byte {};
  first_byte.l_type = F_WRLCK;
  first_byte.l_whence = SEEK_SET;
  first_byte.l_len = 1;
  return fcntl(fd, F_SETLK, &first_byte) == 0;
}

}  // namespace

Result<SealedMemory> SealedMemory::make(const char* name, std::uint64_t size) noexcept {
  SealedMemory m;
  m.fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (m.fd < 0) return std::error_code(errno, std::generic_category());
  const auto failed = [&m, size] {
    const std::error_code error(errno, std::generic_category());
    if (m.base != nullptr) munmap(m.base, size);
    close(m.fd);
    return error;
  };
  if (ftruncate(m.fd, static_cast<off_t>(size)) != 0) return failed();
  void* p = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, m.fd, 0);
  if (p == MAP_FAILED) return failed();
  m.base = static_cast<std::byte*>(p);
  // FUTURE_WRITE came with Linux 5.1; without it the others must do.
  const bool sealed = fcntl(m.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE) == 0;
  if (!sealed && fcntl(m.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) return failed();
  m.shareable = lock(m.fd) && sealed;
  return m;
}

void SealedMemory::abandon_in_child(int fd, void* base, std::uint64_t size) noexcept {
  // Refused, the parent's memory stays: that harms nobody but a call which this fork interrupted.
  (void)mmap(base, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  close(fd);
}

}  // namespace dlt::detail
