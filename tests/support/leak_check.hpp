// LeakSanitizer looks for leaks when a process ends, and takes for one what only another thread knew: one that it
// cannot stop, because the process leaves from it, or that fork() has not taken along. Such a process says so before it
// leaves.
#pragma once

#include <atomic>

namespace dlt::test {

// For this process, from now on. Any thread.
extern std::atomic<bool> no_leak_check;

}  // namespace dlt::test
