// What an application itself says was accepted, kept where it outlives the application: a file that both map. After a
// log call has returned true its thread counts one up in a slot of its own. So when the process is killed the slot is
// right, or one behind.
//
// An application counts, one thread a slot; the test reads when the application is gone or joined its threads.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace dlt::test {

class Witness {
 public:
  static constexpr std::size_t slots = 4096;

  // Opens the file, or makes it with all counts zero.
  explicit Witness(const std::string& file) {
    const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(Slot) * slots) != 0) throw std::runtime_error("no witness file " + file);
    void* p = mmap(nullptr, sizeof(Slot) * slots, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p == MAP_FAILED) throw std::runtime_error("cannot map " + file);
    slots_ = static_cast<Slot*>(p);
  }
  ~Witness() { munmap(slots_, sizeof(Slot) * slots); }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  // As cheap as a count can be, and async-signal-safe. The slot's one thread (and handlers on it).
  void count(std::size_t slot, bool accepted = true) noexcept {
    if (accepted) slots_[slot].accepted.fetch_add(1, std::memory_order_relaxed);
    else slots_[slot].refused.fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t accepted(std::size_t slot) const { return slots_[slot].accepted.load(); }
  [[nodiscard]] std::uint64_t refused(std::size_t slot) const { return slots_[slot].refused.load(); }

 private:
  struct alignas(64) Slot {
    std::atomic<std::uint64_t> accepted;
    std::atomic<std::uint64_t> refused;
  };
  Slot* slots_ = nullptr;
};

}  // namespace dlt::test
