#include "tools/stop.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace dlt::tools {

namespace {

volatile std::sig_atomic_t asked_to_stop = 0;  // writer: the handler; reader: the main thread
volatile std::sig_atomic_t event = -1;

extern "C" void on_stop_signal(int) {
  const int saved = errno;
  asked_to_stop = 1;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(event, &one, sizeof one);
  errno = saved;
}

}  // namespace

Stop::Stop() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  event = event_.get();
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    ::sigaction(signal, nullptr, &before);
    const bool nohup = signal == SIGHUP && before.sa_handler == SIG_IGN;
    if (!nohup) ::sigaction(signal, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

bool Stop::asked() const noexcept { return asked_to_stop != 0; }

bool Stop::wait_for(int other, short events, int milliseconds) const noexcept {
  pollfd polled[] = {{event_.get(), POLLIN, 0}, {other, events, 0}};
  const int n = ::poll(polled, 2, milliseconds);
  return n > 0 && !asked() && polled[1].revents != 0;
}

}  // namespace dlt::tools
