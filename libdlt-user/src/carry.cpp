#include "carry.hpp"

#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

namespace dlt::detail {

proto::Bytes Carry::frames() const noexcept {
  const std::uint32_t length = record_.length.load(std::memory_order_relaxed);
  if (length == 0) return {};
  return {frames_ + done_, length - done_};
}

void Carry::hold(Wire wire, const proto::local::Batch& where, proto::Bytes frames, std::size_t written) {
  assert(empty() && frames.size() <= proto::arena::carry_room);
  std::vector<std::byte> image = wire_image(wire, where, frames);  // without memory nothing is held
  where_ = where;
  std::memcpy(frames_, frames.data(), frames.size());
  done_ = 0;
  record_.done.store(0, std::memory_order_relaxed);
  record_.slot.store(where.slot, std::memory_order_relaxed);
  record_.chunk.store(where.chunk, std::memory_order_relaxed);
  record_.offset.store(where.offset, std::memory_order_relaxed);
  record_.length.store(static_cast<std::uint32_t>(frames.size()), std::memory_order_release);
  std::atomic_signal_fence(
      std::memory_order_seq_cst);  // before the chunk is given back, for whoever reads after a kill
  wire_ = wire;
  image_ = std::move(image);
  at_ = written;
  note_done();
}

// For the reader of the memory. The daemon knows by itself what came to it in batches.
void Carry::note_done() noexcept {
  const std::uint64_t now = wire_ == Wire::single_frames ? count(at_).bytes : 0;
  record_.done.store(done_ + static_cast<std::uint32_t>(now), std::memory_order_release);
}

void Carry::resume(Wire wire) {
  wire_ = wire;
  image_ = wire_image(wire, where_, frames());
  at_ = 0;
}

// The frames that end within the first `wire_bytes` of the image.
Carry::Done Carry::count(std::size_t wire_bytes) const noexcept {
  Done done;
  const std::size_t before_each = wire_ == Wire::single_frames ? proto::local::header_size : 0;
  std::size_t end = wire_ == Wire::batches ? proto::local::Batch::size : 0;
  proto::Bytes rest = frames();
  while (const std::size_t n = frame_length(rest)) {
    end += before_each + n;
    if (end > wire_bytes) break;
    done.frames += 1;
    done.bytes += n;
    rest = rest.subspan(n);
  }
  return done;
}

Carry::Done Carry::interrupt() {
  const Done done = count(at_);
  done_ += static_cast<std::uint32_t>(done.bytes);
  record_.done.store(done_, std::memory_order_release);
  where_.offset += static_cast<std::uint32_t>(done.bytes);
  image_.clear();
  at_ = 0;
  return done;
}

Carry::Done Carry::advance(std::size_t n) {
  at_ += n;
  if (at_ == image_.size()) return drop();
  note_done();
  return {};
}

Carry::Done Carry::held() const noexcept { return count(std::numeric_limits<std::size_t>::max()); }

Carry::Done Carry::drop() {
  const Done all = held();
  record_.length.store(0, std::memory_order_release);
  image_.clear();
  at_ = 0;
  return all;
}

}  // namespace dlt::detail
