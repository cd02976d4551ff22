// Reads what a dead process had logged and not sent out of its arena, and says it in the words that the process would
// have used: batches of frames, then its losses and its totals as local messages. So whoever reads the connection can
// go on with this as if it came from there.
//
//   head -> slots -> chunks -> carry -> frames -> books -> done          any of them -> refused
//
// The file is the work of a stranger: each number is read once, into memory of our own, and compared with what can be
// before it is used. What contradicts itself is refused as a whole, before the first frame is said; frames that are
// broken inside are for the reader of the connection to skip.
//
// A step is bounded: at most 16 KiB of slots, 512 chunk headers or one range of frames. Steps are bounded too: a chunk
// is looked at once, there are no links to follow. Memory: about 100 bytes for each chunk that has something to say.
// Pure; one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "dlt/proto/arena.hpp"

namespace dlt::proto {

class Salvage {
 public:
  // Up to where a slot's frames have come by the connection.
  struct Position {
    std::uint32_t chunk = 0;  // 0: none has
    std::uint32_t offset = 0;
  };
  using Causes = std::array<std::uint64_t, local::loss_causes>;
  struct Received {
    AppId app;
    std::vector<Position> positions;                  // by slot
    std::array<Causes, arena::max_buffers> losses{};  // told by Loss messages
  };
  // Fills `into` from there on; false: it cannot be read.
  using Read = std::function<bool(std::uint64_t at, std::span<std::byte> into)>;
  enum class Step : std::uint8_t { more, done, refused };

  static constexpr std::size_t out_size = 64 * 1024;
  static constexpr std::size_t headers_per_step = 512;

  Salvage(Read read, std::uint64_t size, Received received);

  // One bounded piece of work. `written` bytes of local messages stand at the front of `out` then, often none.
  // `out` has out_size bytes at least. Throws std::bad_alloc; the same step may be tried again.
  [[nodiscard]] Step step(std::span<std::byte> out, std::size_t& written);

  // Messages that were counted as accepted by the process and lost before it died, by all causes.
  [[nodiscard]] std::uint64_t lost() const noexcept;

 private:
  enum class Stage : std::uint8_t { head, slots, chunks, carry, frames, books, done, refused };
  struct Known {  // of a slot
    bool used = false;
    std::uint32_t buffer = 0;
    std::uint64_t sealed = 0;
    std::uint64_t discarded = 0;
    std::uint64_t abandoned = 0;
  };
  struct Piece {  // of a chunk, not received
    std::uint64_t at = 0;
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t unclaimed = 0;  // frames that are lost if a later chunk turns out to have come before
  };
  struct Total {  // of a buffer
    std::uint64_t frames = 0;
    std::uint64_t bytes = 0;
    std::uint64_t high_water = 0;
    Causes lost{};
  };

  [[nodiscard]] bool read_head();
  [[nodiscard]] bool read_slots();
  [[nodiscard]] bool read_chunks();
  [[nodiscard]] bool look_at(const arena::Chunk& chunk, std::uint64_t at);
  [[nodiscard]] bool enter(const arena::Chunk& chunk, std::uint64_t at);
  bool pass_over(std::uint32_t buffer, std::uint32_t frames) noexcept;
  void add(const arena::Slot& slot);
  [[nodiscard]] bool say_carry(std::span<std::byte> out, std::size_t& written);
  [[nodiscard]] bool say_piece(std::span<std::byte> out, std::size_t& written);
  [[nodiscard]] bool say(const local::Batch& where, std::uint64_t at, std::span<std::byte> out, std::size_t& written);
  void say_books(std::span<std::byte> out, std::size_t& written);
  [[nodiscard]] std::uint64_t untold(std::size_t buffer, std::size_t cause) const noexcept;
  [[nodiscard]] Position& position(std::uint32_t slot);
  [[nodiscard]] std::uint64_t whole(std::uint32_t slot, std::uint32_t chunk) const noexcept;

  const Read read_;
  const std::uint64_t size_;
  Received received_;
  Stage stage_ = Stage::head;
  arena::Header header_;
  arena::Carry carry_;
  std::array<arena::Buffer, arena::max_buffers> buffers_{};
  std::array<Total, arena::max_buffers> totals_{};
  std::size_t buffer_count_ = 0;
  std::vector<Known> slots_;
  std::uint64_t at_ = 0;                                             // the next slot or chunk to look at
  std::map<std::pair<std::uint32_t, std::uint64_t>, Piece> pieces_;  // by slot and whole number
  std::vector<std::byte> scratch_;
};

}  // namespace dlt::proto
