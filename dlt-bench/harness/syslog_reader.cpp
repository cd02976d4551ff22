#include "harness/syslog_reader.hpp"

#include <charconv>

namespace dlt::bench {
namespace {

// The number at the front of `text`, and the blank behind it, taken away; false where there is none.
template <class Number>
bool take(std::string_view& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

void SyslogReader::enter(std::string_view datagram, std::uint64_t arrived_ns) {
  const auto mark = datagram.find(mark_);
  if (mark == std::string_view::npos) {
    ++others_;
    return;
  }
  std::string_view text = datagram.substr(mark + mark_.size());
  std::uint64_t number = 0, sent_ns = 0;
  if (!take(text, number) || !take(text, sent_ns)) {
    ledger_->enter_corrupt();
    return;
  }
  ledger_->enter({number >> sequence_bits, number & ((std::uint64_t{1} << sequence_bits) - 1), 0, text},
                 datagram.size());
  if (sent_ns != 0) latency_.record(arrived_ns > sent_ns ? arrived_ns - sent_ns : 0);
}

}  // namespace dlt::bench
