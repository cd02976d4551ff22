// What a log call needs to know of a context: its level and the constant part of the headers.
//
// The 26 bytes of headers are kept as four words that are patched in registers and stored whole:
//
//   word0  htyp | mcnt 0 | len 0 | ECU id          mcnt and len are or-ed in
//   word1  session id (BE) | time stamp 0          the stamp is or-ed in
//   word2  msin 0 | noar 0 | app id | context id[0..1]
//   word3  context id[2..3]
//
// The words are filled by whoever starts the session or makes the context. While messages may be logged they change
// only when the daemon names another ECU id (word0, the sender) or after fork (word1, the child's fork handler), each
// as one store, whole in itself. Readers: any logging thread, relaxed.
//
// A call at a level does something up to `level`: up to `sent` its message is sent, above that only the flight recorder
// has it. `lanes` tells by level which of the thread's writers takes it: a look-up costs less than a second comparison.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace dlt::detail {

// In `lanes`: the level itself, and this added to it for the recorder.
inline constexpr std::uint8_t recorder_lane = 8;

static_assert(std::endian::native == std::endian::little, "the frame words assume a little endian machine");

struct ContextData {
  alignas(64) std::atomic<std::int8_t> level{0};  // the higher one of `sent` and the recorder's
  std::atomic<std::int8_t> sent{0};
  std::atomic<std::uint16_t> word3{0};
  std::atomic<std::uint64_t> word0{0};
  std::atomic<std::uint64_t> word1{0};
  std::atomic<std::uint64_t> word2{0};
  std::atomic<std::uint8_t> lanes[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  // On a line of its own: it is written by every message. Relaxed: only its value counts.
  alignas(64) std::atomic<std::uint8_t> counter{0};
};

}  // namespace dlt::detail
