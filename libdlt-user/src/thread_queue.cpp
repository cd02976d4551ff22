#include "thread_queue.hpp"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>

#include "futex.hpp"
#include "sender.hpp"

namespace dlt::detail {

namespace {

constexpr std::uint32_t steps = 8;                // a chunk holds at most this part of the capacity
constexpr std::uint64_t bytes_per_message = 512;  // for the bound in bytes
constexpr std::size_t block = ChunkQueueTraits::BLOCK_SIZE;

// Small chunks where a large one would be closed half empty: a queue then costs hardly more than its messages.
std::uint32_t chunk_bytes_for(std::uint32_t capacity, std::uint32_t longest_message) noexcept {
  constexpr std::uint32_t small = Arena::granule;
  return capacity <= 4096 && longest_message <= small * 3 / 4 ? small : 4 * small;
}

std::uint32_t room_of(std::uint32_t chunk_bytes) noexcept {
  return chunk_bytes - static_cast<std::uint32_t>(Chunk::header_size + chunk_slack);
}

// As many as hold the bytes even when each chunk ends with a gap where a long message did not fit.
std::uint32_t chunks_for(std::uint32_t capacity, std::uint32_t room, std::uint32_t longest_message) noexcept {
  const std::uint64_t bytes = std::uint64_t{capacity} * bytes_per_message;
  return static_cast<std::uint32_t>(bytes / (room - std::min(longest_message, room / 2))) + steps + 3;
}

// A moodycamel queue gives room back in whole blocks: two more than the entries need, so that it grows only while the
// other side is suspended in the middle of taking an entry out.
std::size_t preallocated(std::uint32_t chunks) noexcept { return chunks + 2 * block; }

std::uint32_t step_of(std::uint32_t capacity) noexcept { return std::max(1U, capacity / steps); }

// The lower halves of the number of the last sealed chunk, and of how many frames there are up to its end.
constexpr std::uint64_t through(std::uint64_t number, std::uint64_t frames) noexcept {
  return number << 32 | static_cast<std::uint32_t>(frames);
}
// The count whose lower half is `low`, next to `near`.
constexpr std::uint64_t widened(std::uint32_t low, std::uint64_t near) noexcept {
  const auto beyond = static_cast<std::int32_t>(low - static_cast<std::uint32_t>(near));
  return near + static_cast<std::uint64_t>(std::int64_t{beyond});
}

}  // namespace

ThreadQueue::ThreadQueue(std::uint32_t slot, std::uint32_t buffer_index, BufferState& settings, Arena& arena,
                         Doorbell& sender, std::uint32_t longest_message, std::uint64_t first_chunk) noexcept
    : slot_(slot),
      buffer_(buffer_index),
      chunk_bytes_(chunk_bytes_for(settings.capacity.load(std::memory_order_relaxed), longest_message)),
      chunk_room_(room_of(chunk_bytes_)),
      most_retained_(most_retained_bytes / chunk_bytes_),
      max_chunks_(chunks_for(settings.capacity.load(std::memory_order_relaxed), chunk_room_, longest_message) +
                  most_retained_),
      settings_(settings),
      arena_(arena),
      books_(*arena.books(slot)),
      sender_(sender),
      last_number_(first_chunk - 1),
      sealed_through_(through(first_chunk - 1, 0)),
      sealed_(preallocated(max_chunks_ - most_retained_), 1, 0),
      free_(preallocated(max_chunks_ - most_retained_), 1, 0),
      seal_token_(sealed_),
      free_token_(free_),
      oldest_number_(first_chunk),
      next_number_(first_chunk) {
  books_.open(buffer_);
  max_message = longest_message;
  attention = &sender.state();
  spares_ = static_cast<Chunk**>(Slab::allocate(max_chunks_ * sizeof(Chunk*)));
}

// ── producer ─────────────────────────────────────────────────────────────────────────────────────────────────────────

bool ThreadQueue::try_own() noexcept {
  bool expected = false;
  return owned_.compare_exchange_strong(expected, true, std::memory_order_acquire);  // sync: queue-owner
}

void ThreadQueue::disown() noexcept { owned_.store(false, std::memory_order_release); }  // sync: queue-owner

std::byte* ThreadQueue::make_room(std::size_t need) noexcept {
  const std::uint32_t capacity = settings_.capacity.load(std::memory_order_relaxed);
  if (std::byte* p = try_room(need, capacity)) return p;
  switch (settings_.mode.load(std::memory_order_relaxed)) {
    case OverflowMode::overwrite: return overwrite(need, capacity);
    case OverflowMode::drop_newest: return refuse(books_.full);
    case OverflowMode::block: return wait_for_room(need, capacity);
  }
  return refuse(books_.full);
}

std::byte* ThreadQueue::try_room(std::size_t need, std::uint32_t capacity) noexcept {
  const std::uint64_t waiting = queued();
  if (waiting > books_.high_water.load(std::memory_order_relaxed))
    books_.high_water.store(waiting, std::memory_order_relaxed);
  if (waiting >= capacity) return nullptr;
  if (current_ != nullptr) {
    const bool fits = bytes_of(committed) + need <= chunk_room_ && frames_of(committed) < step_of(capacity);
    if (!fits && !seal()) return nullptr;
  }
  if (current_ == nullptr) {
    press(waiting, capacity);
    Chunk* chunk = new_chunk();
    if (chunk == nullptr) return nullptr;
    open(chunk);
  }
  admit(waiting, capacity);
  return at;
}

// Lets the log call go on by itself for as many messages as fit the chunk's share and the capacity.
void ThreadQueue::admit(std::uint64_t waiting, std::uint32_t capacity) noexcept {
  end = current_->data() + chunk_room_;
  frames_left =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(step_of(capacity) - frames_of(committed), capacity - waiting));
}

// A napping sender is called when a quarter of the capacity waits.
void ThreadQueue::press(std::uint64_t waiting, std::uint32_t capacity) noexcept {
  if (waiting >= capacity / 4 && sender_.asleep()) sender_.ring();
}

std::byte* ThreadQueue::refuse(Counter& cause) noexcept {
  bump(cause, 1);
  return nullptr;
}

Chunk* ThreadQueue::new_chunk() noexcept {
  if (spare_count_ != 0) return spares_[--spare_count_];
  Chunk* chunk = nullptr;
  if (free_.try_dequeue_from_producer(free_token_, chunk)) return chunk;
  const std::uint32_t chunks = chunks_.load(std::memory_order_relaxed);
  if (chunks == max_chunks_) return nullptr;
  chunk = arena_.take(chunk_bytes_);
  if (chunk != nullptr) chunks_.store(chunks + 1, std::memory_order_relaxed);
  return chunk;
}

void ThreadQueue::open(Chunk* chunk) noexcept {
  chunk->commit.store(0, std::memory_order_release);
  last_number_ = following(last_number_);
  chunk->number.store(low_half(last_number_), std::memory_order_release);
  chunk->slot.store(slot_, std::memory_order_release);
  chunk->sent.store(0, std::memory_order_relaxed);
  chunk->sent_frames.store(0, std::memory_order_relaxed);
  chunk->state.store(Chunk::idle, std::memory_order_release);  // sync: chunk-state
  current_ = chunk;
  at = chunk->data();
  commit = &chunk->commit;
  committed = 0;
  open_.store(chunk, std::memory_order_release);  // sync: open-chunk
}

// False: the slab is used up and the queue of sealed chunks cannot grow; the chunk stays open and full.
//
// Suspended anywhere in here, the producer keeps nothing from the sender: until its entry can be taken out the chunk is
// found open, and afterwards its number and its state say that it is no longer.
bool ThreadQueue::seal() noexcept {
  if (!sealed_.enqueue(seal_token_, Entry{current_, last_number_})) return false;
  const std::uint64_t frames = sealed_frames_.load(std::memory_order_relaxed) + frames_of(committed);
  sealed_frames_.store(frames, std::memory_order_relaxed);
  sealed_through_.store(through(last_number_, frames), std::memory_order_release);  // sync: sealed-through
  bump(sealed_bytes_, bytes_of(committed));
  books_.sealed.put(last_number_, frames, sealed_bytes_.load(std::memory_order_relaxed));
  open_.store(nullptr, std::memory_order_release);  // sync: open-chunk
  committed = 0;
  current_ = nullptr;
  at = nullptr;
  end = nullptr;
  return true;
}

// Takes the oldest sealed chunk back. False when the sender holds all of them.
bool ThreadQueue::discard_oldest() noexcept {
  Entry e{};
  while (sealed_.try_dequeue_from_producer(seal_token_, e)) {
    oldest_number_.store(following(e.number), std::memory_order_release);  // sync: oldest
    if (reclaim(*e.chunk)) {
      bump(overwritten_, frames_of(e.chunk->commit.load(std::memory_order_relaxed)) -
                             e.chunk->sent_frames.load(std::memory_order_relaxed));
      books_.discarded.put(e.number, overwritten_.load(std::memory_order_relaxed), 0);
      spares_[spare_count_++] = e.chunk;
      return true;
    }
  }
  return false;
}

// True: the chunk is the producer's. False: the sender is inside; it counts what it leaves and recycles the chunk.
// The loop ends because the sender enters a sealed chunk at most once more (with an old look at `open_`).
bool ThreadQueue::reclaim(Chunk& chunk) noexcept {
  for (;;) {
    std::uint32_t seen = Chunk::idle;
    // sync: chunk-state. Acquire: what the sender has taken from its front is final.
    if (chunk.state.compare_exchange_strong(seen, Chunk::reclaimed, std::memory_order_acquire)) return true;
    // Release: the sender must see the final commit.
    if (chunk.state.compare_exchange_strong(seen, Chunk::abandoned, std::memory_order_release)) return false;
  }
}

std::byte* ThreadQueue::overwrite(std::size_t need, std::uint32_t capacity) noexcept {
  // Bounded: each round takes one chunk away, and there are no more than max_chunks_.
  while (discard_oldest())
    if (std::byte* p = try_room(need, capacity)) return p;
  // Nothing was left to discard because the sender has taken it; by now it may have given the room back.
  if (std::byte* p = try_room(need, capacity)) return p;
  return refuse(books_.full);
}

std::byte* ThreadQueue::wait_for_room(std::size_t need, std::uint32_t capacity) noexcept {
  if (on_sender_thread()) return refuse(books_.timed_out);  // a callback: it would wait for its own thread
  const int before = errno;                                 // the interrupted one's, in a signal handler
  const auto deadline = std::chrono::steady_clock::now() +
                        std::chrono::milliseconds(settings_.timeout_ms.load(std::memory_order_relaxed));
  for (int i = 0; i < 100; ++i) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
    if (queued() < capacity) break;
  }
  for (;;) {
    const std::uint32_t seen = space_.load(std::memory_order_seq_cst);
    waiting_.store(1, std::memory_order_seq_cst);  // sync: space
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (settings_.closed.load(std::memory_order_seq_cst)) break;  // sync: space, after the look at the word
    if (std::byte* p = try_room(need, capacity)) {
      waiting_.store(0, std::memory_order_relaxed);
      errno = before;
      return p;
    }
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::steady_clock::duration::zero()) break;
    sender_.ring();
    futex_wait(space_, seen, left);
  }
  waiting_.store(0, std::memory_order_relaxed);
  errno = before;
  return refuse(books_.timed_out);
}

// ── sender ───────────────────────────────────────────────────────────────────────────────────────────────────────────

void ThreadQueue::collect(std::vector<Range>& out, std::size_t limit) {
  // What the sender holds cannot be overwritten: while the oldest may be, it takes little at a time.
  if (settings_.mode.load(std::memory_order_relaxed) == OverflowMode::overwrite)
    limit = std::min<std::size_t>(limit, 2);
  if (awaits_confirmation()) return;
  const auto add = [&](const Entry& e) {
    const std::uint64_t all = e.chunk->commit.load(std::memory_order_acquire);  // sync: chunk-commit
    const std::uint32_t from = e.chunk->sent.load(std::memory_order_relaxed);
    out.push_back({this, e.chunk, e.number, from, bytes_of(all),
                   frames_of(all) - e.chunk->sent_frames.load(std::memory_order_relaxed), true});
  };
  // Memory first: what was taken out of the queues below must not be lost for want of it. Besides `limit` chunks one
  // that has gone while it was open may come to them, and rewind() wants all of them in `held_`.
  if (const std::size_t all = retained_.size() + held_.size() + limit + 1; held_.capacity() < all) {
    retained_.reserve(2 * all);
    held_.reserve(2 * all);
  }
  out.reserve(out.size() + limit + 1);
  std::size_t n = 0;
  for (; n < held_.size() && n < limit; ++n) add(held_[n]);
  while (n < limit) {
    Entry e{};
    if (!sealed_.try_dequeue_from_producer(seal_token_, e)) return claim_open(out);
    next_number_ = following(e.number);
    front_ = {};
    e.chunk->state.store(Chunk::held, std::memory_order_relaxed);
    if (e.chunk->sent.load(std::memory_order_relaxed) == bytes_of(e.chunk->commit.load(std::memory_order_acquire))) {
      retain(e);  // all of it went while it was open
      continue;
    }
    held_.push_back(e);
    add(e);
    ++n;
  }
}

void ThreadQueue::claim_open(std::vector<Range>& out) noexcept {
  Chunk* chunk = open_.load(std::memory_order_acquire);  // sync: open-chunk
  if (chunk == nullptr) return;
  std::uint32_t seen = Chunk::idle;
  if (!chunk->state.compare_exchange_strong(seen, Chunk::reading, std::memory_order_acquire))
    return;  // sync: chunk-state
  const std::uint32_t number = chunk->number.load(std::memory_order_acquire);
  const std::uint64_t expected =
      std::max(next_number_, oldest_number_.load(std::memory_order_acquire));  // sync: oldest
  const std::uint64_t all = chunk->commit.load(std::memory_order_acquire);     // sync: chunk-commit
  const std::uint32_t from = chunk->sent.load(std::memory_order_relaxed);
  if (number != low_half(expected) || bytes_of(all) == from) return leave_open(*chunk);
  out.push_back({this, chunk, expected, from, bytes_of(all),
                 frames_of(all) - chunk->sent_frames.load(std::memory_order_relaxed), false});
}

void ThreadQueue::leave_open(Chunk& chunk) noexcept {
  std::uint32_t seen = Chunk::reading;
  // sync: chunk-state. Release: the producer that reclaims it sees how much was taken.
  if (chunk.state.compare_exchange_strong(seen, Chunk::idle, std::memory_order_release, std::memory_order_acquire))
    return;
  assert(seen == Chunk::abandoned);
  bump(abandoned_,
       frames_of(chunk.commit.load(std::memory_order_relaxed)) - chunk.sent_frames.load(std::memory_order_relaxed));
  // Its owner has said that it goes before it met the sender in it.
  const std::uint64_t number =
      widened(chunk.number.load(std::memory_order_relaxed), oldest_number_.load(std::memory_order_relaxed));
  books_.abandoned.put(number, abandoned_.load(std::memory_order_relaxed), 0);
  front_ = {};
  recycle(&chunk);
}

void ThreadQueue::taken(const Range& range) noexcept {
  Chunk& c = *range.chunk;
  const std::uint64_t again = std::min<std::uint64_t>(again_.load(std::memory_order_relaxed), range.frames);
  again_.store(again_.load(std::memory_order_relaxed) - again, std::memory_order_relaxed);
  sent_.frames += range.frames;
  sent_.bytes += range.to - range.from;
  c.sent.store(range.to, std::memory_order_relaxed);
  c.sent_frames.store(c.sent_frames.load(std::memory_order_relaxed) + range.frames, std::memory_order_relaxed);
  bump(taken_, range.frames - again);
  if (!range.sealed) {
    front_ = {range.chunk, range.number};
    return leave_open(c);
  }
  assert(!held_.empty() && held_.front().chunk == range.chunk && "ranges are given back in order");
  held_.erase(held_.begin());
  retain({range.chunk, range.number});
}

void ThreadQueue::untouched(const Range& range) noexcept {
  if (!range.sealed) leave_open(*range.chunk);
}

void ThreadQueue::delivered(std::uint32_t frames, std::uint64_t bytes) noexcept {
  bump(delivered_, frames);
  bump(delivered_bytes_, bytes);
}

void ThreadQueue::recycle(Chunk* chunk) noexcept {
  // It can fail only when the slab is used up; then this queue has one chunk less from now on.
  (void)free_.enqueue(free_token_, chunk);
}

void ThreadQueue::wake_blocked() noexcept {
  if (waiting_.load(std::memory_order_seq_cst) == 0) return;  // sync: space, after the pass's fence
  if (queued() > settings_.capacity.load(std::memory_order_relaxed) / 2) return;
  waiting_.store(0, std::memory_order_relaxed);
  space_.fetch_add(1, std::memory_order_seq_cst);
  futex_wake_all(space_);
}

void ThreadQueue::release_blocked() noexcept {
  space_.fetch_add(1, std::memory_order_seq_cst);  // sync: space, after `closed`
  futex_wake_all(space_);
}

// ── any thread ───────────────────────────────────────────────────────────────────────────────────────────────────────

// Exact wherever the producer is suspended: a chunk is sealed by one store. While the producer seals one after the
// other it is looked again.
ThreadQueue::In ThreadQueue::in() const noexcept {
  In in;
  for (int tries = 0; tries < 1000; ++tries) {
    const std::uint64_t sealed = sealed_through_.load(std::memory_order_acquire);  // sync: sealed-through
    in = {widened(static_cast<std::uint32_t>(sealed), sealed_frames_.load(std::memory_order_relaxed)), 0};
    const Chunk* chunk = open_.load(std::memory_order_acquire);  // sync: open-chunk
    const std::uint32_t number = low_half(following(sealed >> 32));
    if (chunk != nullptr && chunk->number.load(std::memory_order_acquire) == number)
      in.open = chunk->commit.load(std::memory_order_acquire);  // sync: chunk-commit
    std::atomic_thread_fence(std::memory_order_acquire);
    if (sealed_through_.load(std::memory_order_relaxed) == sealed) break;
  }
  return in;
}

std::uint64_t ThreadQueue::frames_in() const noexcept {
  const In all = in();
  return all.sealed + frames_of(all.open);
}

std::uint64_t ThreadQueue::queued() const noexcept {
  const std::uint64_t out = taken_.load(std::memory_order_relaxed) + abandoned_.load(std::memory_order_relaxed) +
                            overwritten_.load(std::memory_order_relaxed);
  const std::uint64_t in = frames_in();
  return in > out ? in - out : 0;
}

}  // namespace dlt::detail
