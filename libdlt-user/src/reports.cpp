#include "reports.hpp"

namespace dlt::detail {

namespace local = proto::local;

Reports::ByCause Reports::by_cause(const Drops& d) noexcept {
  ByCause c{};
  c[static_cast<std::size_t>(local::LossCause::full)] = d.full;
  c[static_cast<std::size_t>(local::LossCause::overwritten)] = d.overwritten;
  c[static_cast<std::size_t>(local::LossCause::timed_out)] = d.timed_out;
  c[static_cast<std::size_t>(local::LossCause::at_exit)] = d.at_exit;
  c[static_cast<std::size_t>(local::LossCause::too_large)] = d.too_large;
  c[static_cast<std::size_t>(local::LossCause::nested)] = d.nested;
  return c;
}

const std::vector<std::byte>& Reports::losses(const Stats& stats) {
  told_.resize(stats.buffers.size());
  bytes_.resize(stats.buffers.size() * local::loss_causes * local::Loss::entry_size);
  proto::ByteWriter out(bytes_);
  for (std::size_t b = 0; b < stats.buffers.size(); ++b) {
    const ByCause now = by_cause(stats.buffers[b].dropped);
    for (std::size_t c = 0; c < now.size(); ++c) {
      if (now[c] == told_[b][c]) continue;
      local::Loss::put(out, {static_cast<std::uint8_t>(b), static_cast<local::LossCause>(c), now[c] - told_[b][c]});
      told_[b][c] = now[c];
    }
  }
  bytes_.resize(out.size());
  return bytes_;
}

const std::vector<std::byte>& Reports::totals(const Stats& stats, Clock::time_point now) {
  last_ = now;
  bytes_.clear();
  if (stats.accepted == last_accepted_ && stats.delivered == last_delivered_) return bytes_;
  last_accepted_ = stats.accepted;
  last_delivered_ = stats.delivered;
  bytes_.resize(stats.buffers.size() * local::Statistics::entry_size);
  proto::ByteWriter out(bytes_);
  for (std::size_t b = 0; b < stats.buffers.size(); ++b) {
    const BufferStats& s = stats.buffers[b];
    local::Statistics::put(out, {static_cast<std::uint8_t>(b), static_cast<std::uint8_t>(s.options.mode), s.accepted,
                                 s.delivered, s.queued, s.high_water, s.accepted_bytes, by_cause(s.dropped)});
  }
  return bytes_;
}

}  // namespace dlt::detail
