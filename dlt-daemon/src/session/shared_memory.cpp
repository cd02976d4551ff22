#include "session/shared_memory.hpp"

#include <fcntl.h>
#include <sys/stat.h>

namespace dlt::daemon {

Result<SharedMemory> SharedMemory::check(Fd fd, const proto::local::Memfd& announced) {
  const int seals = ::fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || (seals & F_SEAL_GROW) == 0) return Errc::invalid_argument;
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return std::error_code(errno, std::system_category());
  if (announced.size > max_size) return Errc::too_large;
  if (static_cast<std::uint64_t>(info.st_size) != announced.size || announced.chunk_size == 0) return Errc::bad_length;
  return SharedMemory(std::move(fd), announced);
}

}  // namespace dlt::daemon
