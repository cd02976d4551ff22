#include "harness/interrupt.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace dlt::bench {
namespace {

// Written by the main thread, read by its signal handler.
std::atomic<const char*> words{nullptr};
std::atomic<std::size_t> words_size{0};
std::atomic<bool> caught{false};
static_assert(std::atomic<const char*>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void on_signal(int) {
  const int saved = errno;
  caught = true;
  const char* text = words.exchange(nullptr);
  [[maybe_unused]] const ssize_t n = text != nullptr ? ::write(STDERR_FILENO, text, words_size) : 0;
  errno = saved;
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
}

bool interrupted() noexcept { return caught; }

void on_interrupt_write(std::string_view text) noexcept {
  words_size = text.size();
  words = text.empty() ? nullptr : text.data();
}

}  // namespace dlt::bench
