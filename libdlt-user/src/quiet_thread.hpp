// Threads of the library, in a process that belongs to the application.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <new>
#include <system_error>
#include <thread>
#include <utility>

namespace dlt::detail {

// Starts `thread`. It blocks all signals: the application's handlers must not run there.
template <class What>
[[nodiscard]] std::error_code start_quietly(std::thread& thread, What&& what) noexcept {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::error_code error;
  try {
    thread = std::thread(std::forward<What>(what));
  } catch (const std::system_error& e) {
    error = e.code();
  } catch (const std::bad_alloc&) {
    error = std::make_error_code(std::errc::not_enough_memory);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return error;
}

}  // namespace dlt::detail
