// What the process that is held and the one that holds it tell each other: words in shared memory, because a line over
// a channel takes longer than all the rest. The holder makes it; the other side opens it by its path under /proc.
//
// Words that are waited for only grow. Any thread of both processes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "harness/child.hpp"

namespace dlt::bench {

struct alignas(64) Tally {
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> taken{0};  // calls that returned true
  void count(bool was_taken) noexcept {
    calls.fetch_add(1, std::memory_order_relaxed);
    if (was_taken) taken.fetch_add(1, std::memory_order_release);
  }
};

struct Board {
  static constexpr unsigned most_threads = 64;

  std::atomic<std::uint32_t> asked{0};  // running number of what the free thread shall do
  std::atomic<std::uint32_t> done{0};   // … and how far it is
  std::atomic<std::uint32_t> wanted_level{0};
  std::atomic<std::uint32_t> begin{0};   // the thread to be held may begin
  std::atomic<std::uint32_t> passed{0};  // … has passed its last breakpoint
  std::atomic<std::uint32_t> forks_failed{0};
  std::atomic<std::uint32_t> stop{0};
  std::array<std::atomic<std::int32_t>, most_threads> threads{};      // their kernel ids
  std::array<std::atomic<std::uint32_t>, most_threads> held_call{};   // 1: its next call is between breakpoints
  std::array<Tally, most_threads> tallies{};                          // by producer
  std::array<std::atomic<std::uint64_t>, most_threads> delivered{};   // messages of loggers without a daemon
  std::array<std::atomic<std::uint64_t>, most_threads> longest_ns{};  // call since somebody set it to 0
  std::atomic<std::uint64_t> ends_ns{0};                              // when the process was about to end itself
};

class BoardMemory {
 public:
  BoardMemory();                                  // the holder's
  explicit BoardMemory(const std::string& path);  // the other side's
  ~BoardMemory();
  BoardMemory(const BoardMemory&) = delete;
  BoardMemory& operator=(const BoardMemory&) = delete;

  [[nodiscard]] Board& operator*() const noexcept { return *board_; }
  [[nodiscard]] Board* operator->() const noexcept { return board_; }
  [[nodiscard]] std::string path() const;  // for the other side, while this object lives

 private:
  int fd_ = -1;
  Board* board_ = nullptr;
};

// Waits until the word has reached `value`; false when the limit passed. Wakes soon after, and costs little meanwhile.
bool await(const std::atomic<std::uint32_t>& word, std::uint32_t value, Seconds limit) noexcept;
void raise(std::atomic<std::uint32_t>& word, std::uint32_t value) noexcept;  // stores and wakes

}  // namespace dlt::bench
