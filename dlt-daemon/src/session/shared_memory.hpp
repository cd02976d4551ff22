// The memory file of an application's chunks, checked and held for the life of its connection.
//
// The file comes from outside: it is accepted only if it can neither shrink (reading it could then kill the daemon) nor
// grow, and is as large as announced. It is mapped only when there is something to salvage.
#pragma once

#include "dlt/proto/error.hpp"
#include "dlt/proto/local.hpp"
#include "session/fd.hpp"

namespace dlt::daemon {

class SharedMemory {
 public:
  // Errc::invalid_argument: not a memory file, or not sealed; Errc::bad_length: not the announced size;
  // Errc::too_large: beyond max_size.
  [[nodiscard]] static Result<SharedMemory> check(Fd fd, const proto::local::Memfd& announced);

  [[nodiscard]] const proto::local::Memfd& layout() const noexcept { return layout_; }

  static constexpr std::uint64_t max_size = 4ULL << 30;  // bytes

 private:
  SharedMemory(Fd fd, const proto::local::Memfd& layout) noexcept : fd_(std::move(fd)), layout_(layout) {}

  Fd fd_;
  proto::local::Memfd layout_;
};

}  // namespace dlt::daemon
