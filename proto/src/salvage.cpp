#include "dlt/proto/salvage.hpp"

#include <algorithm>
#include <new>

#include "dlt/proto/header.hpp"

namespace dlt::proto {

namespace {

constexpr std::size_t slots_per_step = 64;

constexpr std::size_t index(local::LossCause cause) noexcept { return static_cast<std::size_t>(cause); }

}  // namespace

Salvage::Salvage(Read read, std::uint64_t size, Received received)
    : read_(std::move(read)), size_(size), received_(std::move(received)) {}

Salvage::Step Salvage::step(std::span<std::byte> out, std::size_t& written) {
  written = 0;
  bool ok = out.size() >= out_size;
  if (!ok) stage_ = Stage::refused;
  switch (stage_) {
    case Stage::head: ok = read_head(); break;
    case Stage::slots: ok = read_slots(); break;
    case Stage::chunks: ok = read_chunks(); break;
    case Stage::carry: ok = say_carry(out, written); break;
    case Stage::frames: ok = say_piece(out, written); break;
    case Stage::books: say_books(out, written); break;
    case Stage::done: return Step::done;
    case Stage::refused: return Step::refused;
  }
  if (!ok) {
    stage_ = Stage::refused;
    return Step::refused;
  }
  return stage_ == Stage::done ? Step::done : Step::more;
}

// ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

bool Salvage::read_head() {
  scratch_.resize(arena::head_size);
  if (size_ < arena::first_chunk_for(size_) || !read_(0, scratch_)) return false;
  const Bytes head(scratch_);
  header_ = arena::decode_header(head);
  if (!header_.magic || header_.version != arena::version || header_.granule != arena::granule) return false;
  if (header_.slots != arena::slots_for(size_) || header_.slots_at != arena::slots_at) return false;
  if (header_.first_chunk != arena::first_chunk_for(size_)) return false;
  if (header_.used < header_.first_chunk || header_.used > size_) return false;
  carry_ = arena::decode_carry(head.subspan(arena::carry_at));
  if (carry_.length > arena::carry_room || (carry_.length != 0 && carry_.done > carry_.length)) return false;
  if (carry_.slot >= header_.slots) return false;
  for (std::size_t b = 0; b < buffers_.size(); ++b)
    buffers_[b] = arena::decode_buffer(head.subspan(arena::buffers_at + b * arena::buffer_size));
  stage_ = Stage::slots;
  return true;
}

// Slots are given out in order. A thread may have died between taking one and writing into it, so the table ends where
// many of them in a row are unused.
bool Salvage::read_slots() {
  const std::size_t n = std::min<std::size_t>(slots_per_step, header_.slots - slots_.size());
  scratch_.resize(n * arena::slot_size);
  slots_.reserve(slots_.size() + n);
  if (!read_(arena::slots_at + slots_.size() * arena::slot_size, scratch_)) return false;
  bool any = false;
  for (std::size_t i = 0; i < n; ++i) {
    const auto slot = arena::decode_slot(Bytes(scratch_).subspan(i * arena::slot_size, arena::slot_size));
    if (slot.used != 0 && slot.buffer >= arena::max_buffers) return false;
    slots_.push_back({slot.used != 0, slot.buffer, slot.sealed.number, slot.discarded.number, slot.abandoned.number});
    if (slot.used == 0) continue;
    any = true;
    add(slot);
  }
  if (any && slots_.size() < header_.slots) return true;
  stage_ = Stage::chunks;
  at_ = header_.first_chunk;
  return true;
}

void Salvage::add(const arena::Slot& slot) {
  buffer_count_ = std::max<std::size_t>(buffer_count_, slot.buffer + std::size_t{1});
  Total& total = totals_[slot.buffer];
  total.frames += slot.sealed.frames;
  total.bytes += slot.sealed.bytes;
  total.high_water = std::max(total.high_water, slot.high_water);
  total.lost[index(local::LossCause::full)] += slot.full;
  total.lost[index(local::LossCause::overwritten)] += slot.discarded.frames + slot.abandoned.frames + slot.unconfirmed;
  total.lost[index(local::LossCause::timed_out)] += slot.timed_out;
  total.lost[index(local::LossCause::at_exit)] += slot.at_exit;
  total.lost[index(local::LossCause::too_large)] += slot.too_large;
  total.lost[index(local::LossCause::nested)] += slot.nested;
}

bool Salvage::read_chunks() {
  scratch_.resize(arena::chunk_header_size);
  for (std::size_t i = 0; i < headers_per_step; ++i) {
    if (header_.used - at_ < arena::granule) {
      stage_ = Stage::carry;
      return true;
    }
    if (!read_(at_, scratch_)) return false;
    const auto chunk = arena::decode_chunk(scratch_);
    // Handed out, but its owner died before it wrote the size: nothing is in it.
    const std::uint64_t size = chunk.size == 0 ? arena::granule : chunk.size;
    if (size % arena::granule != 0 || size > arena::max_chunk || size > header_.used - at_) return false;
    if (chunk.bytes != 0 && (chunk.size == 0 || !look_at(chunk, at_))) return false;
    at_ += size;
  }
  return true;
}

// A chunk with frames in it. Without memory for it nothing has changed.
bool Salvage::look_at(const arena::Chunk& c, std::uint64_t at) {
  if (c.slot >= slots_.size() || !slots_[c.slot].used || c.number == 0) return false;
  Total& total = totals_[slots_[c.slot].buffer];
  const Total before = total;
  try {
    return enter(c, at);
  } catch (const std::bad_alloc&) {
    total = before;
    throw;
  }
}

// Counts the frames that no ledger has, and keeps what has to be said.
bool Salvage::enter(const arena::Chunk& c, std::uint64_t at) {
  if (c.bytes > c.size - arena::chunk_header_size || c.sent > c.bytes) return false;
  if (c.frames > c.bytes / standard_header_size || c.sent_frames > c.frames) return false;
  const Known& slot = slots_[c.slot];
  Total& total = totals_[slot.buffer];
  const std::uint64_t number = whole(c.slot, c.number);
  if (number > slot.sealed) {
    total.frames += c.frames;
    total.bytes += c.bytes;
  }
  if (c.state == arena::Chunk::reclaimed) {
    if (number > slot.discarded) total.lost[index(local::LossCause::overwritten)] += c.frames - c.sent_frames;
    return true;
  }
  if (c.state == arena::Chunk::abandoned && number <= slot.abandoned) return true;
  const Position& seen = position(c.slot);
  // The sender never had it, and is beyond it all the same: its thread was about to overwrite it.
  const std::uint32_t unclaimed = c.state == arena::Chunk::idle ? c.frames - c.sent_frames : 0;
  if (number < whole(c.slot, seen.chunk)) return pass_over(slot.buffer, unclaimed);
  const std::uint32_t from = c.number == seen.chunk ? std::max(c.sent, seen.offset) : c.sent;
  if (from >= c.bytes) return true;
  return pieces_.try_emplace({c.slot, number}, Piece{at, from, c.bytes, unclaimed}).second;
}

bool Salvage::pass_over(std::uint32_t buffer, std::uint32_t frames) noexcept {
  totals_[buffer].lost[index(local::LossCause::overwritten)] += frames;
  return true;
}

std::uint64_t Salvage::whole(std::uint32_t slot, std::uint32_t chunk) const noexcept {
  return arena::whole_number(chunk, slot < slots_.size() ? slots_[slot].sealed : 0);
}

Salvage::Position& Salvage::position(std::uint32_t slot) {
  if (slot >= received_.positions.size()) received_.positions.resize(slot + std::size_t{1});
  return received_.positions[slot];
}

// ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────────────

bool Salvage::say(const local::Batch& where, std::uint64_t at, std::span<std::byte> out, std::size_t& written) {
  ByteWriter header(out);
  local::encode(header, where);
  if (!header.ok() || out.size() - header.size() < where.length) return false;
  if (!read_(at, out.subspan(header.size(), where.length))) return false;
  written = header.size() + where.length;
  return true;
}

// The carry holds the oldest that its slot has not sent; its chunk may still be there as well.
bool Salvage::say_carry(std::span<std::byte> out, std::size_t& written) {
  Position& seen = position(carry_.slot);  // first: the stage is begun again where there is no memory for it
  stage_ = Stage::frames;
  if (carry_.length == carry_.done || carry_.length == 0) return true;
  if (carry_.offset > arena::max_chunk || carry_.chunk == 0) return false;
  const std::uint32_t end = carry_.offset + carry_.length;
  std::uint32_t from = carry_.offset + carry_.done;
  if (whole(carry_.slot, seen.chunk) > whole(carry_.slot, carry_.chunk)) return true;
  if (seen.chunk == carry_.chunk) from = std::max(from, seen.offset);
  if (from >= end) return true;
  seen = {carry_.chunk, end};
  return say({end - from, carry_.slot, carry_.chunk, from}, arena::carry_frames_at + (from - carry_.offset), out,
             written);
}

bool Salvage::say_piece(std::span<std::byte> out, std::size_t& written) {
  if (pieces_.empty()) {
    stage_ = Stage::books;
    return true;
  }
  const auto [where, piece] = *pieces_.begin();
  const auto [slot, number] = where;
  const Position& seen = position(slot);
  pieces_.erase(pieces_.begin());
  const auto chunk = static_cast<std::uint32_t>(number);
  const std::uint32_t from = chunk == seen.chunk ? std::max(piece.from, seen.offset) : piece.from;
  if (number < whole(slot, seen.chunk)) return pass_over(slots_[slot].buffer, piece.unclaimed);
  if (from >= piece.to) return true;
  return say({piece.to - from, slot, chunk, from}, piece.at + arena::chunk_header_size + from, out, written);
}

std::uint64_t Salvage::untold(std::size_t buffer, std::size_t cause) const noexcept {
  const std::uint64_t told = buffers_[buffer].told[cause] + received_.losses[buffer][cause];
  const std::uint64_t lost = totals_[buffer].lost[cause];
  return lost > told ? lost - told : 0;
}

std::uint64_t Salvage::lost() const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t b = 0; b < buffer_count_; ++b)
    for (std::size_t c = 0; c < local::loss_causes; ++c) sum += untold(b, c);
  return sum;
}

void Salvage::say_books(std::span<std::byte> out, std::size_t& written) {
  ByteWriter messages(out);
  std::vector<std::byte> entries(buffer_count_ * local::loss_causes * local::Loss::entry_size);
  ByteWriter losses(entries);
  for (std::size_t b = 0; b < buffer_count_; ++b)
    for (std::size_t c = 0; c < local::loss_causes; ++c)
      if (const auto n = untold(b, c))
        local::Loss::put(losses, {static_cast<std::uint8_t>(b), static_cast<local::LossCause>(c), n});
  if (losses.size() != 0) local::encode(messages, local::Loss{received_.app, losses.written()});

  entries.resize(buffer_count_ * local::Statistics::entry_size);
  ByteWriter statistics(entries);
  for (std::size_t b = 0; b < buffer_count_; ++b) {
    const Total& t = totals_[b];
    const auto lost = [&t](local::LossCause cause) { return t.lost[index(cause)]; };
    const std::uint64_t gone = lost(local::LossCause::overwritten) + lost(local::LossCause::at_exit);
    const std::uint64_t refused = lost(local::LossCause::full) + lost(local::LossCause::timed_out) +
                                  lost(local::LossCause::too_large) + lost(local::LossCause::nested);
    local::Statistics::put(
        statistics, {static_cast<std::uint8_t>(b), static_cast<std::uint8_t>(buffers_[b].mode), t.frames + refused,
                     t.frames > gone ? t.frames - gone : 0, 0, t.high_water, t.bytes, t.lost});
  }
  if (buffer_count_ != 0) local::encode(messages, local::Statistics{received_.app, statistics.written()});
  written = messages.ok() ? messages.size() : 0;
  stage_ = Stage::done;
}

}  // namespace dlt::proto
