#include "harness/board.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <new>

#include "harness/clock.hpp"
#include "harness/error.hpp"

namespace dlt::bench {

BoardMemory::BoardMemory() : fd_(::memfd_create("dlt-bench-board", MFD_CLOEXEC)) {
  if (fd_ < 0 || ::ftruncate(fd_, sizeof(Board)) != 0) throw BenchError("no shared memory");
  void* p = ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (p == MAP_FAILED) throw BenchError("no shared memory");
  board_ = new (p) Board;
}

BoardMemory::BoardMemory(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
  void* p = fd_ < 0 ? MAP_FAILED : ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (p == MAP_FAILED) throw BenchError("cannot open the board of the process that started this worker");
  board_ = static_cast<Board*>(p);
}

BoardMemory::~BoardMemory() {
  if (board_ != nullptr) ::munmap(board_, sizeof(Board));
  if (fd_ >= 0) ::close(fd_);
}

std::string BoardMemory::path() const { return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_); }

bool await(const std::atomic<std::uint32_t>& word, std::uint32_t value, Seconds limit) noexcept {
  const double deadline = now_s() + limit.count();
  for (unsigned tries = 0;; ++tries) {
    const std::uint32_t seen = word.load(std::memory_order_acquire);
    if (seen >= value) return true;
    if (tries < 50) {
      ::sched_yield();
      continue;
    }
    const double left = deadline - now_s();
    if (left <= 0) return false;
    const auto ns = static_cast<long>(std::min(left, 0.05) * 1e9);
    const timespec t{0, ns};
    ::syscall(SYS_futex, &word, FUTEX_WAIT, seen, &t, nullptr, 0);
  }
}

void raise(std::atomic<std::uint32_t>& word, std::uint32_t value) noexcept {
  word.store(value, std::memory_order_release);
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace dlt::bench
