#include "session/shared_memory.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>

using namespace dlt;
using namespace dlt::daemon;
namespace local = dlt::proto::local;

namespace {

constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | 0x0010;  // 0x0010: FUTURE_WRITE

Fd memory(off_t size, int seals) {
  Fd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(fd);
  REQUIRE(::ftruncate(fd.get(), size) == 0);
  REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, seals) == 0);
  return fd;
}

}  // namespace

TEST_CASE("a sealed memory file of the announced size is accepted") {
  const auto accepted = SharedMemory::check(memory(1 << 20, all_seals), local::Memfd{2, 65536, 1 << 20});
  REQUIRE(accepted);
  CHECK(accepted->layout().chunk_size == 65536);
}

TEST_CASE("a memory file that can still shrink, grow or be mapped for writing is refused") {
  CHECK(SharedMemory::check(memory(4096, all_seals & ~F_SEAL_SHRINK), local::Memfd{2, 4096, 4096}).error() ==
        Errc::invalid_argument);
  CHECK(SharedMemory::check(memory(4096, all_seals & ~F_SEAL_GROW), local::Memfd{2, 4096, 4096}).error() ==
        Errc::invalid_argument);
  CHECK(SharedMemory::check(memory(4096, F_SEAL_SHRINK | F_SEAL_GROW), local::Memfd{2, 4096, 4096}).error() ==
        Errc::invalid_argument);
}

TEST_CASE("a memory file of another size than announced is refused") {
  CHECK(SharedMemory::check(memory(4096, all_seals), local::Memfd{2, 4096, 8192}).error() == Errc::bad_length);
  CHECK(SharedMemory::check(memory(4096, all_seals), local::Memfd{2, 0, 4096}).error() == Errc::bad_length);
  CHECK(SharedMemory::check(memory(4096, all_seals), local::Memfd{2, 4096, 1ULL << 50}).error() == Errc::too_large);
}

TEST_CASE("what is no memory file is refused") {
  CHECK_FALSE(SharedMemory::check(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), local::Memfd{2, 4096, 0}));
  CHECK_FALSE(SharedMemory::check(Fd(), local::Memfd{2, 4096, 4096}));
}

TEST_CASE("a memory file of another layout is refused") {
  CHECK(SharedMemory::check(memory(4096, all_seals), local::Memfd{1, 4096, 4096}).error() == Errc::unsupported);
}

TEST_CASE("a memory file is an orphan when nobody locks it, and is read within its bounds") {
  const auto file = SharedMemory::check(memory(4096, all_seals), local::Memfd{2, 4096, 4096});
  REQUIRE(file);
  CHECK(file->orphaned());
  std::byte bytes[8];
  CHECK(file->read(4088, bytes));
  CHECK_FALSE(file->read(4089, bytes));
  CHECK_FALSE(file->read(1ULL << 62, bytes));
}
