#include "harness/dashboard.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <string_view>

#include "harness/clock.hpp"
#include "harness/interrupt.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr std::string_view enter = "\033[?1049h\033[?25l";  // alternate screen, no cursor
constexpr std::string_view leave = "\033[?25h\033[?1049l";
constexpr double interval_s = 0.2;

void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n <= 0) return;  // a terminal that is gone needs nothing
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::pair<std::size_t, std::size_t> terminal_size() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {80, 24};
  return {size.ws_col, size.ws_row};
}

}  // namespace

bool can_show_dashboard() { return ::isatty(STDERR_FILENO) == 1; }

Dashboard::Dashboard(const std::string& title) {
  view_.begin(title);
  if (interrupted()) return;
  on_interrupt_write(leave);
  put(enter);
  shown_ = true;
}

Dashboard::~Dashboard() {
  on_interrupt_write({});
  if (shown_ && !interrupted()) put(leave);
}

void Dashboard::draw() {
  if (now_s() < next_s_ || !shown_ || interrupted()) return;
  next_s_ = now_s() + interval_s;
  const auto [columns, rows] = terminal_size();
  std::string screen = "\033[H";
  std::size_t n = 0;
  for (const auto& line : view_.lines(columns, now_s(), wants_colour(STDERR_FILENO)))
    if (n++ < rows) screen += (n > 1 ? "\r\n" : "") + line + "\033[K";
  put(screen + "\033[J");
}

}  // namespace dlt::bench
