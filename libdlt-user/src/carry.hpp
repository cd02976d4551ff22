// A range that the kernel took only in part. It was copied out of its chunk, so that the chunk is free again, and goes
// first on the next occasion. When the connection is lost in between, the frames that did not go completely are kept
// and sent again as a new range on the next connection: a reconnect starts with a whole frame, none is sent twice.
//
// The copy lies in the arena (CarryRecord): when the process is killed, the daemon has the chunk or the carry, and
// finds by their positions what it has received already; frames that go singly have none, and so the record says how
// many of those have gone. hold() comes before the chunk is given back.
//
// No I/O. Owned by the uplink.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "arena.hpp"
#include "batch.hpp"

namespace dlt::detail {

class Carry {
 public:
  struct Done {
    std::uint32_t frames = 0;
    std::uint64_t bytes = 0;  // of frames
  };

  explicit Carry(Arena& arena) noexcept : record_(arena.carry()), frames_(arena.carry_frames()) {}

  // Keeps `frames`, of whose wire image `written` bytes have gone. At most proto::arena::carry_room bytes. Without
  // memory it throws and holds nothing.
  void hold(Wire wire, const proto::local::Batch& where, proto::Bytes frames, std::size_t written);
  // Makes the wire image again for a new connection.
  void resume(Wire wire);
  // The connection is gone. Returns what had gone completely.
  Done interrupt();
  // `n` more bytes have gone. Returns all of its frames once the last byte has gone, else nothing.
  Done advance(std::size_t n);
  // Gives up. Returns what was still held.
  Done drop();
  [[nodiscard]] Done held() const noexcept;

  [[nodiscard]] bool empty() const noexcept { return image_.empty() && frames().empty(); }
  // Those that have not gone on an earlier connection; in the arena, until the next hold().
  [[nodiscard]] proto::Bytes frames() const noexcept;
  [[nodiscard]] proto::Bytes rest() const noexcept { return proto::Bytes(image_).subspan(at_); }

 private:
  [[nodiscard]] Done count(std::size_t wire_bytes) const noexcept;
  void note_done() noexcept;

  Wire wire_ = Wire::batches;
  CarryRecord& record_;
  std::byte* const frames_;
  proto::local::Batch where_;
  std::vector<std::byte> image_;
  std::size_t at_ = 0;
  std::uint32_t done_ = 0;  // bytes of whole frames that went on earlier connections
};

}  // namespace dlt::detail
