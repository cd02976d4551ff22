// What happens on SIGINT, SIGTERM and SIGHUP: the first one is noted, so that what runs ends in good order (children,
// folders, the terminal); the second one ends the program at once.
#pragma once

#include <string_view>

namespace dlt::bench {

void catch_interrupts();                    // once, in main
[[nodiscard]] bool interrupted() noexcept;  // any thread
inline constexpr int exit_interrupted = 130;

// Written to stderr by the signal handler itself, if it comes: how to leave a terminal as it was. A literal; empty for
// nothing. The main thread.
void on_interrupt_write(std::string_view text) noexcept;

}  // namespace dlt::bench
