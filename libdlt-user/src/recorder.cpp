#include "recorder.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "chunk.hpp"
#include "sealed_memory.hpp"
#include "slab.hpp"

namespace dlt::detail {

namespace layout = proto::recorder;

namespace {

constexpr std::uint32_t kept_segments = 8;  // of a ring, beside the open one; fewer where messages are long
constexpr std::uint64_t overhead = layout::segment_header_size + chunk_slack;

constexpr std::uint64_t rounded_up(std::uint64_t n) noexcept { return (n + 63) / 64 * 64; }

}  // namespace

RecorderShape RecorderShape::of(const Options& o) noexcept {
  RecorderShape s;
  s.longest_message = o.max_message;
  const auto kept = std::clamp<std::uint64_t>(o.recorder_bytes / o.max_message, 1, kept_segments);
  s.segments = static_cast<std::uint32_t>(kept) + 1;
  const std::uint64_t room = std::max<std::uint64_t>((o.recorder_bytes + kept - 1) / kept, o.max_message);
  s.segment_size = static_cast<std::uint32_t>(rounded_up(room + overhead));
  s.rings = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(o.recorder_rings, (layout::max_size - layout::first_ring) / s.ring_size()));
  return s;
}

// ── one ring ─────────────────────────────────────────────────────────────────────────────────────────────────────────

RecorderRing::RecorderRing(std::byte* memory, const RecorderShape& shape, std::uint32_t buffer,
                           Counter& missed) noexcept
    : memory_(memory),
      shape_(shape),
      room_(shape.segment_size - static_cast<std::uint32_t>(overhead)),
      missed_(missed),
      buffer_(buffer) {
  max_message = shape.longest_message;
  attention = &always_;
}

std::byte* RecorderRing::make_room(std::size_t need) noexcept {
  if (need > room_) {
    count_missed();
    return nullptr;
  }
  if (end == nullptr || bytes_of(committed) + need > room_) open_next();
  return at;
}

void RecorderRing::open_next() noexcept {
  const std::size_t index = number_ % shape_.segments;
  auto* segment = reinterpret_cast<layout::SegmentMemory*>(memory_ + index * shape_.segment_size);
  if (++number_ == 0) ++number_;
  segment->reopen(number_, buffer_);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  at = segment->data();
  end = at + room_;
  commit = &segment->commit;
  committed = 0;
  frames_left = std::numeric_limits<std::uint32_t>::max();
}

void RecorderRing::copy(const std::byte* frame, std::size_t size) noexcept {
  if (busy) return count_missed();
  busy = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (std::byte* p = make_room(size)) {
    std::memcpy(p, frame, size);
    at += size;
    committed += one_frame + size;
    commit->store(committed, std::memory_order_release);
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  busy = false;
}

bool RecorderRing::try_own() noexcept {
  bool expected = false;
  return owned_.compare_exchange_strong(expected, true, std::memory_order_acquire);  // sync: ring-owner
}

void RecorderRing::begin(std::uint32_t buffer) noexcept {
  buffer_ = buffer;
  end = nullptr;
}

void RecorderRing::disown(std::uint64_t turn) noexcept {
  left_at_.store(turn, std::memory_order_relaxed);
  owned_.store(false, std::memory_order_release);  // sync: ring-owner
}

// ── all of them ──────────────────────────────────────────────────────────────────────────────────────────────────────

std::error_code Recorder::open(const Options& options) noexcept {
  const RecorderShape shape = RecorderShape::of(options);
  const auto memory = SealedMemory::make("dlt-recorder", shape.size());
  if (!memory) return memory.error();
  shape_ = shape;
  fd_ = memory->fd;
  shareable_ = memory->shareable;
  header_ = new (memory->base) layout::HeaderMemory{{},
                                                    layout::version,
                                                    static_cast<std::uint32_t>(getpid()),
                                                    shape.segment_size,
                                                    shape.segments,
                                                    shape.rings,
                                                    {0},
                                                    {options.recorder_messages},
                                                    {0},
                                                    options.app.key()};
  std::memcpy(header_->magic, layout::magic.data(), layout::magic.size());
  return {};
}

Recorder::~Recorder() {
  if (header_ != nullptr) munmap(header_, shape_.size());
  if (fd_ >= 0) close(fd_);
}

void Recorder::set_most_messages(std::uint64_t messages) noexcept {
  header_->most_messages.store(messages, std::memory_order_relaxed);
}

void Recorder::abandon_in_child() noexcept {
  if (header_ == nullptr) return;
  SealedMemory::abandon_in_child(fd_, header_, shape_.size());
  fd_ = -1;
}

void Recorder::count_missed() noexcept {
  if (header_ != nullptr) header_->missed.fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t Recorder::missed() const noexcept {
  return header_ != nullptr ? header_->missed.load(std::memory_order_relaxed) : 0;
}

RecorderRing* Recorder::adopt(std::uint32_t buffer) noexcept {
  if (header_ == nullptr) return nullptr;
  if (RecorderRing* fresh = make_ring(buffer)) return fresh;
  RecorderRing* ring = take_over();
  if (ring != nullptr) ring->begin(buffer);
  return ring;
}

RecorderRing* Recorder::make_ring(std::uint32_t buffer) noexcept {
  std::uint32_t index = header_->used.load(std::memory_order_relaxed);
  do {
    if (index >= shape_.rings) return nullptr;
  } while (!header_->used.compare_exchange_weak(index, index + 1, std::memory_order_relaxed));
  std::byte* memory = reinterpret_cast<std::byte*>(header_) + layout::first_ring + index * shape_.ring_size();
  auto* ring = Slab::make<RecorderRing>(memory, shape_, buffer, header_->missed);
  if (ring == nullptr) return nullptr;
  ring->next = head_.load(std::memory_order_relaxed);
  while (!head_.compare_exchange_weak(ring->next, ring, std::memory_order_release, std::memory_order_relaxed)) {
  }  // sync: ring-list
  return ring;
}

// Another thread may be quicker, and then the next one is tried: at most once for each ring there is.
RecorderRing* Recorder::take_over() noexcept {
  for (std::uint32_t tries = 0; tries < shape_.rings; ++tries) {
    RecorderRing* oldest = nullptr;
    for (RecorderRing* r = head_.load(std::memory_order_acquire); r != nullptr; r = r->next)  // sync: ring-list
      if (!r->owned() && (oldest == nullptr || r->left_at() < oldest->left_at())) oldest = r;
    if (oldest == nullptr) return nullptr;
    if (oldest->try_own()) return oldest;
  }
  return nullptr;
}

}  // namespace dlt::detail
