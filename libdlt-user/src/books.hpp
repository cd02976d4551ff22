// The books of one queue, in the arena: so that the daemon can close them when the process was killed.
//
// What a reader finds must be right after a kill between any two stores. A single number is; a total that belongs to
// chunks ("so many frames in the chunks up to number n") is kept twice and written in turn (Ledger): the entry with the
// higher number counts, and a chunk beyond it has not been counted yet.
//
// Each field has one writer, named below; any thread may read, relaxed: only the number counts.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dlt/proto/arena.hpp"

namespace dlt::detail {

using Counter = std::atomic<std::uint64_t>;

// One writer; so no addition that locks the bus.
inline void bump(Counter& c, std::uint64_t n) noexcept {
  c.store(c.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

class Ledger {
 public:
  // `number` is higher than at every call before.
  void put(std::uint64_t number, std::uint64_t frames, std::uint64_t bytes) noexcept {
    Entry& older = entries_[next_ordinal()];
    older.frames.store(frames, std::memory_order_relaxed);
    older.bytes.store(bytes, std::memory_order_relaxed);
    older.number.store(number, std::memory_order_release);
    // The next put must not begin before this one is complete, as a reader after a kill sees it.
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }

 private:
  struct Entry {
    Counter number{0};
    Counter frames{0};
    Counter bytes{0};
  };
  [[nodiscard]] std::size_t next_ordinal() const noexcept {
    return entries_[0].number.load(std::memory_order_relaxed) <= entries_[1].number.load(std::memory_order_relaxed) ? 0
                                                                                                                    : 1;
  }
  std::array<Entry, 2> entries_;
};

struct Books {
  std::atomic<std::uint32_t> used{0};
  std::atomic<std::uint32_t> buffer{0};
  // the producer
  Ledger sealed;
  Ledger discarded;
  Counter full{0};
  Counter timed_out{0};
  Counter too_large{0};
  Counter nested{0};  // also signal handlers that interrupt the producer
  Counter high_water{0};
  // the sender
  alignas(64) Ledger abandoned;
  Counter at_exit{0};
  Counter unconfirmed{0};  // sent, given up before they were confirmed, and then the daemon was gone

  void open(std::uint32_t buffer_index) noexcept {
    buffer.store(buffer_index, std::memory_order_relaxed);
    used.store(1, std::memory_order_release);
  }
};

static_assert(sizeof(Books) == proto::arena::slot_size);
static_assert(offsetof(Books, sealed) == 8 && offsetof(Books, full) == 104 && offsetof(Books, high_water) == 136 &&
              offsetof(Books, abandoned) == 192 && offsetof(Books, at_exit) == 240 &&
              offsetof(Books, unconfirmed) == 248);

}  // namespace dlt::detail
