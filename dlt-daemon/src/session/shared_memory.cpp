#include "session/shared_memory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dlt/proto/arena.hpp"
#include "dlt/proto/recorder.hpp"
#include "paths.hpp"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace dlt::daemon {

namespace {
constexpr int needed_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE;
}

Result<SharedMemory> SharedMemory::check(Fd fd, const proto::local::Memfd& announced) {
  if (announced.version != proto::arena::version) return Errc::unsupported;
  return check(std::move(fd), announced, max_size);
}

Result<SharedMemory> SharedMemory::check(Fd fd, const proto::local::Recorder& announced) {
  if (announced.version != proto::recorder::version) return Errc::unsupported;
  return check(std::move(fd), {announced.version, announced.segment_size, announced.size}, proto::recorder::max_size);
}

Result<SharedMemory> SharedMemory::check(Fd fd, const proto::local::Memfd& announced, std::uint64_t limit) {
  const int seals = ::fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0 || (seals & needed_seals) != needed_seals) return Errc::invalid_argument;
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return std::error_code(errno, std::system_category());
  if (announced.size > limit) return Errc::too_large;
  if (static_cast<std::uint64_t>(info.st_size) != announced.size || announced.chunk_size == 0) return Errc::bad_length;
  return SharedMemory(std::move(fd), announced);
}

Result<SharedMemory> SharedMemory::of_file(Fd fd) {
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return std::error_code(errno, std::system_category());
  if (!S_ISREG(info.st_mode) || info.st_nlink != 1 || !is_trusted(info.st_uid)) return Errc::invalid_argument;
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (size > max_size) return Errc::too_large;
  return SharedMemory(std::move(fd), {proto::recorder::version, 0, size});
}

bool SharedMemory::orphaned() const noexcept {
  struct flock first_byte {};
  first_byte.l_type = F_WRLCK;
  first_byte.l_whence = SEEK_SET;
  first_byte.l_len = 1;
  return ::fcntl(fd_.get(), F_OFD_GETLK, &first_byte) == 0 && first_byte.l_type == F_UNLCK;
}

bool SharedMemory::read(std::uint64_t at, std::span<std::byte> into) const noexcept {
  return ::pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(at)) == static_cast<ssize_t>(into.size());
}

}  // namespace dlt::daemon
