#include "harness/live_view.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include "harness/clock.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

constexpr std::size_t kept_rates = 40;

std::string sparkline(const std::deque<double>& rates) {
  constexpr std::array<const char*, 8> blocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  double most = 0;
  for (const double r : rates) most = std::max(most, r);
  std::string line;
  for (const double r : rates) line += blocks[most > 0 ? std::min<std::size_t>(7, std::size_t(r / most * 7.999)) : 0];
  return line;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

std::string bar(std::uint64_t part, std::uint64_t whole) {
  constexpr std::size_t width = 20;
  const std::size_t full = whole != 0 ? std::min<std::size_t>(width, std::size_t(part * width / whole)) : 0;
  return std::string("[").append(full, '#').append(width - full, '.').append("]");
}

// Cuts after `width` characters; a byte 10xxxxxx is not the first of one.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80 && ++characters > width) return text.substr(0, i);
  return text;
}

}  // namespace

void LiveView::Counter::set(std::uint64_t at_ns, std::uint64_t v) {
  if (ns != 0 && at_ns > ns) {
    per_s = static_cast<double>(v >= value ? v - value : 0) * 1e9 / static_cast<double>(at_ns - ns);
    rates.push_back(per_s);
    if (rates.size() > kept_rates) rates.pop_front();
  }
  ns = at_ns, value = v;
}

void LiveView::begin(std::string title) {
  *this = LiveView{};
  title_ = std::move(title);
  begin_s_ = now_s();
}

void LiveView::hear(const std::string& line) {
  std::istringstream in(line);
  std::string who;
  std::uint64_t ns = 0, first = 0;
  if (!(in >> who >> ns >> first)) return;
  if (who == "c") {
    delivered_.set(ns, first);
    client_ = static_cast<bool>(in >> p50_us_ >> p99_us_);
  } else if (who == "p") {
    std::uint64_t dropped = 0;
    accepted_.set(ns, first);
    if (in >> dropped >> queued_) dropped_.set(ns, dropped);
    fill_.clear();
    for (std::uint64_t queued = 0, capacity = 0; in >> queued >> capacity;) fill_.emplace_back(queued, capacity);
  }
}

std::vector<std::string> LiveView::lines(std::size_t width, double now, bool colour) const {
  std::vector<std::string> all;
  const auto add = [&](const std::string& name, const std::string& value, const std::string& rest) {
    all.push_back(cut(padded(name, 12) + padded(value, 14) + rest, width));
  };
  all.push_back(cut("dlt-bench  " + title_ + "  " + human(now - begin_s_) + " s", width));
  add("accepted", human(accepted_.per_s) + "/s", sparkline(accepted_.rates));
  if (client_) add("delivered", human(delivered_.per_s) + "/s", sparkline(delivered_.rates));
  add("dropped", human(dropped_.per_s) + "/s", human(static_cast<double>(dropped_.value)) + " in all");
  const std::uint64_t gone = dropped_.value + delivered_.value;
  add("backlog", human(static_cast<double>(client_ ? accepted_.value - std::min(accepted_.value, gone) : queued_)),
      human(static_cast<double>(queued_)) + " of it in the library");
  if (client_) add("end to end", "p50 " + human(p50_us_) + " us", "p99 " + human(p99_us_) + " us");
  for (std::size_t i = 0; i < fill_.size(); ++i)
    add("buffer " + std::to_string(i), human(static_cast<double>(fill_[i].first)),
        bar(fill_[i].first, fill_[i].second) + " of " + std::to_string(fill_[i].second) + " a thread");
  const auto paint = [&](std::string& line, const char* code) {
    line = std::string(code).append(line).append("\033[0m");
  };
  if (colour && dropped_.per_s > 0) paint(all[client_ ? 3 : 2], "\033[31m");
  if (colour) paint(all[0], "\033[1m");
  return all;
}

}  // namespace dlt::bench
