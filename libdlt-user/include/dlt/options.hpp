// How an application wants to log. Every field has a usable default; the environment (read once, in dlt::start) wins
// over what the code says, because the person who runs a program has the last word. src/environment.hpp and dlt-user(7)
// have the list.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dlt/detail/export.hpp"
#include "dlt/proto/error.hpp"
#include "dlt/proto/ids.hpp"
#include "dlt/proto/level.hpp"

namespace dlt {

// What happens to a message for which a buffer has no room. The values travel and stand in DLT_USER_OVERFLOW_MODE.
enum class OverflowMode : std::uint8_t {
  overwrite = 0,    // the oldest go, in steps of at most an eighth of the capacity; the newest are kept
  drop_newest = 1,  // the message is not taken
  block = 2,        // the call waits for room, at most the timeout; then the message is not taken
};

[[nodiscard]] DLT_EXPORT std::string_view name(OverflowMode mode) noexcept;

struct BufferOptions {
  // Messages that one thread can have waiting in this buffer, 8 … 1,048,576. Large ones may fill it sooner: it holds at
  // least 512 bytes per message. Its memory is at most about twice that and 5 MiB, for what is not confirmed, too.
  std::uint32_t capacity = 2048;
  OverflowMode mode = OverflowMode::overwrite;
  std::chrono::milliseconds timeout{100};  // for OverflowMode::block, 0 … 1 h

  bool operator==(const BufferOptions&) const = default;
};

// Messages printed by the library itself, in addition to being sent. Such a call locks and allocates: not in a handler.
enum class LocalPrint : std::uint8_t {
  off = 0,
  automatic = 1,  // to stdout while no daemon is connected
  on = 2,         // always to stdout
};

struct Options {
  static constexpr std::uint32_t max_buffers = 16;

  AppId app{};                // required; four characters
  std::string description{};  // shown by clients; cut at 255 bytes

  // unix:PATH, tcp:HOST:PORT, or fifo:DIRECTORY (COVESA's dlt-daemon: its FIFO DIRECTORY/dlt; a message is then cut at
  // 4,088 bytes). Empty: /run/dlt/app.sock, $XDG_RUNTIME_DIR/dlt/app.sock, then that FIFO in $DLT_PIPE_DIR or /tmp if
  // its owner can be trusted (there a message beyond 4,088 bytes is lost, counted), again and again until one answers.
  std::string address{};

  std::uint32_t buffer_count = 4;  // 1 … 16; fatal uses the first, error the second, the rest is for everything else
  BufferOptions buffer{};          // for every buffer …
  std::vector<std::optional<BufferOptions>> buffers{};  // … unless this has an entry for it

  Level level = Level::info;           // of contexts about which neither the daemon nor the environment says anything
  std::uint32_t batch_size = 256;      // with fewer messages waiting the sender naps before it writes, 1 … 65,536
  std::uint32_t senders = 1;           // threads, 1 … buffer_count
  std::chrono::microseconds nap{200};  // the sender's shortest pause while there is traffic, 10 µs … 100 ms
  std::uint32_t max_message = 9900;    // bytes of a whole frame, 1,024 … 65,000; longer text is cut
  std::uint64_t arena_bytes = 256ULL << 20;  // address space for all queues, 1 MiB … 16 GiB; touched only as it is used
  std::chrono::milliseconds exit_flush{2000};  // how long the end of the session waits for what is queued, 0 … 1 min
  LocalPrint local_print = LocalPrint::off;

  // The flight recorder: each thread keeps its newest messages up to this level, whether they are sent or not, in
  // memory that outlives a crash; the daemon makes a file of them. off: none. The rest has no effect then.
  Level recorder_level = Level::off;
  std::uint32_t recorder_bytes = 256 << 10;  // that a thread keeps in each buffer it uses, 16 KiB … 64 MiB
  std::uint32_t recorder_messages = 0;       // of each buffer in a file, the newest; 0: as many as the memory holds
  // Pairs of thread and buffer, 1 … 4,096 (together at most 1 GiB). Those of ended threads are kept until more are
  // needed; when all are in use, further threads are not recorded, counted.
  std::uint32_t recorder_rings = 256;
  int recorder_signal = 0;                    // asks for a file of it, 0 … 64; 0: none. It must not be used otherwise
  std::chrono::seconds recorder_interval{0};  // a file of it so often, 0 … 1 day; 0: never

  // Names the first field that is out of range; empty when all is well.
  [[nodiscard]] DLT_EXPORT std::string check() const;

  bool operator==(const Options&) const = default;
};

}  // namespace dlt
