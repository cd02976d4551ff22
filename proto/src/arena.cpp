#include "dlt/proto/arena.hpp"

namespace dlt::proto::arena {

namespace {

Ledger ledger(ByteReader& in) noexcept {
  Ledger highest;
  for (int i = 0; i < 2; ++i) {
    const Ledger one{in.u64_le(), in.u64_le(), in.u64_le()};
    if (one.number > highest.number) highest = one;
  }
  return highest;
}

}  // namespace

Header decode_header(Bytes bytes) noexcept {
  ByteReader in(bytes);
  Header h;
  h.magic = as_text(in.take(magic.size())) == magic;
  h.version = in.u32_le();
  h.pid = in.u32_le();
  h.granule = in.u32_le();
  h.slots = in.u32_le();
  h.used = in.u64_le();
  h.slots_at = in.u64_le();
  h.first_chunk = in.u64_le();
  return h;
}

Carry decode_carry(Bytes bytes) noexcept {
  ByteReader in(bytes);
  return {in.u32_le(), in.u32_le(), in.u32_le(), in.u32_le(), in.u32_le()};
}

Buffer decode_buffer(Bytes bytes) noexcept {
  ByteReader in(bytes);
  Buffer b;
  for (auto& cause : b.told) cause = in.u64_le();
  b.mode = in.u64_le();
  return b;
}

Slot decode_slot(Bytes bytes) noexcept {
  ByteReader in(bytes);
  Slot s;
  s.used = in.u32_le();
  s.buffer = in.u32_le();
  s.sealed = ledger(in);
  s.discarded = ledger(in);
  s.full = in.u64_le();
  s.timed_out = in.u64_le();
  s.too_large = in.u64_le();
  s.nested = in.u64_le();
  s.high_water = in.u64_le();
  in.skip(192 - in.position());
  s.abandoned = ledger(in);
  s.at_exit = in.u64_le();
  s.unconfirmed = in.u64_le();
  return s;
}

Chunk decode_chunk(Bytes bytes) noexcept {
  ByteReader in(bytes);
  Chunk c;
  c.bytes = in.u32_le();
  c.frames = in.u32_le();
  c.number = in.u32_le();
  c.slot = in.u32_le();
  c.size = in.u32_le();
  in.skip(64 - in.position());
  c.sent = in.u32_le();
  c.sent_frames = in.u32_le();
  c.state = in.u32_le();
  return c;
}

}  // namespace dlt::proto::arena
