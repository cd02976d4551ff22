// The environment as far as the library reads it: once, when the session starts. A bad value is complained about by
// name and the default stays. Pure but for the look-up function that is handed in.
//
//   DLT_DAEMON_ADDRESS           unix:PATH, tcp:HOST:PORT or fifo:DIRECTORY
//   DLT_PIPE_DIR                 where the incumbent's FIFO is, if no address is given
//   DLT_USER_NUM_BUFFERS         1 … 16
//   DLT_USER_BUFFER_SIZE_<n>     messages, 8 … 1,048,576
//   DLT_USER_BATCH_SIZE          1 … 65,536
//   DLT_USER_OVERFLOW_MODE[_<n>] 0 overwrite, 1 drop newest, 2 block
//   DLT_USER_TIMEOUT_MS          0 … 3,600,000
//   DLT_USER_SENDERS             1 … number of buffers
//   DLT_INITIAL_LOG_LEVEL        APID:CTID:level;…   an empty id matches every one
//   DLT_LOCAL_PRINT_MODE         AUTOMATIC, FORCE_ON, FORCE_OFF
//   DLT_RECORDER_LEVEL           0 … 6, or its name: the flight recorder's; off: none
//   DLT_RECORDER_BYTES           16,384 … 67,108,864, of a thread in a buffer
//   DLT_RECORDER_MESSAGES        0 … 4,294,967,295, of a buffer in a file; 0: all
//   DLT_RECORDER_RINGS           1 … 4,096 pairs of thread and buffer
//   DLT_RECORDER_SIGNAL          0 … 64
//   DLT_RECORDER_INTERVAL        0 … 86,400 seconds
//   DLT_LOG_MSG_BUF_LEN          1,024 … 65,000 bytes: the longest message
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dlt/options.hpp"

namespace dlt::detail {

using Lookup = std::function<const char*(const char*)>;

struct LevelRule {
  AppId app;          // empty: every
  ContextId context;  // empty: every
  Level level = Level::info;

  bool operator==(const LevelRule&) const = default;
};

struct Environment {
  Options options;
  std::string pipe_directory{"/tmp"};
  std::vector<LevelRule> levels;
  std::vector<std::string> complaints;  // one sentence each, names the variable

  // Level::by_default when no rule matches; the last match counts.
  [[nodiscard]] Level level_of(AppId app, ContextId context) const noexcept;
};

[[nodiscard]] Environment apply_environment(const Options& options, const Lookup& get);

}  // namespace dlt::detail
