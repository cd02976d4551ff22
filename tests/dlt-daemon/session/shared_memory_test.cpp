#include "session/shared_memory.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>

using namespace dlt;
using namespace dlt::daemon;

namespace {

Fd memory(off_t size, int seals) {
  Fd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(fd);
  REQUIRE(::ftruncate(fd.get(), size) == 0);
  REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, seals) == 0);
  return fd;
}

}  // namespace

TEST_CASE("a sealed memory file of the announced size is accepted") {
  const auto accepted = SharedMemory::check(memory(1 << 20, F_SEAL_SHRINK | F_SEAL_GROW), {1, 65536, 1 << 20});
  REQUIRE(accepted);
  CHECK(accepted->layout().chunk_size == 65536);
}

TEST_CASE("a memory file that can still shrink or grow is refused") {
  CHECK(SharedMemory::check(memory(4096, F_SEAL_GROW), {1, 4096, 4096}).error() == Errc::invalid_argument);
  CHECK(SharedMemory::check(memory(4096, F_SEAL_SHRINK), {1, 4096, 4096}).error() == Errc::invalid_argument);
}

TEST_CASE("a memory file of another size than announced is refused") {
  CHECK(SharedMemory::check(memory(4096, F_SEAL_SHRINK | F_SEAL_GROW), {1, 4096, 8192}).error() == Errc::bad_length);
  CHECK(SharedMemory::check(memory(4096, F_SEAL_SHRINK | F_SEAL_GROW), {1, 0, 4096}).error() == Errc::bad_length);
  CHECK(SharedMemory::check(memory(4096, F_SEAL_SHRINK | F_SEAL_GROW), {1, 4096, 1ULL << 50}).error() ==
        Errc::too_large);
}

TEST_CASE("what is no memory file is refused") {
  CHECK_FALSE(SharedMemory::check(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)), {1, 4096, 0}));
  CHECK_FALSE(SharedMemory::check(Fd(), {1, 4096, 4096}));
}
