// What each thread knows: its queues and the recorder's rings by buffer, and through t_writers its writers by level.
// Trivial thread-locals, so that the first access allocates nothing; a pthread key gives the queues back when the
// thread ends (after the destructors of thread_local objects, which may still log).
#pragma once

namespace dlt::detail {

void forget_thread() noexcept;  // the calling thread starts anew, without giving anything back

}  // namespace dlt::detail
