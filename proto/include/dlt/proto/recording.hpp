// What is in a flight recorder: copied out of the memory of a process that may write on meanwhile, or be dead, and put
// in order.
//
//   rings  --copy, check, copy the number again-->  frames of each ring  --by time-->  entries
//
// The file is the work of a stranger. Each number is read once into memory of our own and compared with what can be; a
// header that makes no sense refuses the file, a segment that makes none is left out and counted. A segment that is
// overwritten while it is read is left out, too: its number tells. Frames of one ring stay in their order, whatever
// their stamps say; rings are merged by stamp. Pure but for what `read` does; one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "dlt/proto/error.hpp"
#include "dlt/proto/recorder.hpp"

namespace dlt::proto {

class Recording {
 public:
  // Fills `into` from there on; false: it cannot be read.
  using Read = std::function<bool(std::uint64_t at, std::span<std::byte> into)>;

  struct Entry {
    std::uint64_t at = 0;  // in bytes()
    std::int64_t age = 0;  // 0.1 ms before `now`; never less than that of a later one
    std::uint32_t size = 0;
    std::uint32_t buffer = 0;
  };

  // Bytes of frames that are copied at most. Beyond that each ring has the same share, of its newest.
  static constexpr std::uint64_t default_limit = 256ULL << 20;

  // `now`: 0.1 ms since boot, as frames carry it. Errc::invalid_argument: no recorder; Errc::truncated: it cannot be
  // read; may throw std::bad_alloc.
  [[nodiscard]] static Result<Recording> read(const Read& read, std::uint64_t size, std::uint32_t now,
                                              std::uint64_t limit = default_limit);

  [[nodiscard]] const recorder::Header& header() const noexcept { return header_; }
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }  // oldest first
  [[nodiscard]] Bytes frame(const Entry& e) const noexcept { return Bytes(bytes_).subspan(e.at, e.size); }

  // Segments that were overwritten while they were read; had no sense in them; had no place within the limit.
  [[nodiscard]] std::uint64_t overwritten() const noexcept { return overwritten_; }
  [[nodiscard]] std::uint64_t broken() const noexcept { return broken_; }
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

 private:
  struct Copied {  // a segment, in bytes_
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint32_t buffer = 0;
  };

  Recording() = default;
  [[nodiscard]] bool header_makes_sense(std::uint64_t size) const noexcept;
  [[nodiscard]] bool read_ring(const Read& read, std::uint32_t ring, std::uint64_t share, std::uint32_t now);
  [[nodiscard]] bool read_segment(const Read& read, std::uint64_t at, const recorder::Segment& segment,
                                  std::vector<Copied>& copied);
  void cut(const Copied& segment, std::uint32_t now, std::int64_t& age);
  void keep_newest(std::uint64_t messages);

  recorder::Header header_;
  std::vector<std::byte> bytes_;
  std::vector<Entry> entries_;
  std::uint64_t overwritten_ = 0;
  std::uint64_t broken_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace dlt::proto
