// When stored messages are forced to the disk (fdatasync), that is, what a power cut costs.
#pragma once

#include <cstdint>

namespace dlt::daemon {

enum class SyncMode : std::uint8_t {
  none,     // when the kernel likes to, usually within half a minute
  second,   // a second after they were written
  fatal,    // a FATAL message, with all before it, as soon as it is there; the others as with `second`
  message,  // every message as soon as it is there: what counts as written survives
};

}  // namespace dlt::daemon
