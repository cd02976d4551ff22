// A memory file of an application, its chunks or its flight recorder, checked and held for the life of its connection.
//
// The file comes from outside: it is accepted only if it is sealed against shrinking, growing and new writable
// mappings, and is as large as announced. It is never mapped: what is read is copied out of it with pread, so nothing
// can change under the reader, no fault can hit it, and holes stay holes.
#pragma once

#include <span>

#include "dlt/proto/error.hpp"
#include "dlt/proto/local.hpp"
#include "session/fd.hpp"

namespace dlt::daemon {

class SharedMemory {
 public:
  // Errc::invalid_argument: not a memory file, or not sealed; Errc::bad_length: not the announced size;
  // Errc::too_large: beyond max_size; Errc::unsupported: another layout.
  [[nodiscard]] static Result<SharedMemory> check(Fd fd, const proto::local::Memfd& announced);
  [[nodiscard]] static Result<SharedMemory> check(Fd fd, const proto::local::Recorder& announced);

  // A recorder of a daemon's, in a file: it is a plain one of root's or this process's user, with one name, and nobody
  // cuts it off. Errc::invalid_argument: it is not; Errc::too_large.
  [[nodiscard]] static Result<SharedMemory> of_file(Fd fd);

  [[nodiscard]] const proto::local::Memfd& layout() const noexcept { return layout_; }

  // Nobody holds the record lock that the owner keeps on it while it lives: the owner is dead, and every store that it
  // made is in the file.
  [[nodiscard]] bool orphaned() const noexcept;
  // Copies from the file; false when it cannot be read there.
  [[nodiscard]] bool read(std::uint64_t at, std::span<std::byte> into) const noexcept;

  static constexpr std::uint64_t max_size = 16ULL << 30;  // bytes, most of them never touched

 private:
  [[nodiscard]] static Result<SharedMemory> check(Fd fd, const proto::local::Memfd& announced, std::uint64_t limit);
  SharedMemory(Fd fd, const proto::local::Memfd& layout) noexcept : fd_(std::move(fd)), layout_(layout) {}

  Fd fd_;
  proto::local::Memfd layout_;
};

}  // namespace dlt::daemon
