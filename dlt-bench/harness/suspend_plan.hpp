// What a process whose thread is held is asked to do. Plain values that travel as JSON between our processes.
#pragma once

#include <cstdint>
#include <string>

namespace dlt::bench {

struct SuspendPlan {
  std::string logger = "dlt";  // see make_suspended_logger
  std::string address;         // of the daemon
  std::string run;             // application id, four characters
  std::string board;           // path of the shared words
  std::string peer;            // what the free thread does: "log", "deliver", "reg", "ctl", "fork", "exit"
  unsigned threads = 0;        // 0: one thread to hold and one to be free; else so many that log flat out
  unsigned calls = 1;          // of the held thread between its breakpoints
  bool first_call = false;     // the held thread has not logged before
  bool fill = false;           // its queue, and all behind it, are full
  bool wait_connected = true;
  unsigned payload = 12;              // bytes of text
  std::uint32_t buffer_capacity = 0;  // messages, 0: the library's default
  int overflow_mode = 0;              // the library's numbers: 0 overwrite, 1 drop newest, 2 block
  unsigned timeout_ms = 0;            // of the held thread's buffer, in mode 2; others do not wait at all
  unsigned exit_flush_ms = 2000;
};

}  // namespace dlt::bench
