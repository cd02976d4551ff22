#include "harness/stream_reader.hpp"

namespace dlt::bench {

bool StreamReader::plausible(const std::byte* at) const noexcept {
  if (prefix_ != 0 && proto::load_be<std::uint32_t>(at) != 0x444c5401) return false;  // "DLT\1"
  const auto htyp = static_cast<std::uint8_t>(at[prefix_]);
  if ((htyp & proto::htyp::version_mask) != proto::htyp::version_1) return false;
  return proto::load_be<std::uint16_t>(at + prefix_ + 2) >= proto::headers_size(htyp);
}

void StreamReader::take(proto::Bytes frame, std::uint64_t arrived_ns) {
  const auto message = read_standard(frame);
  if (!message || std::memcmp(frame.data() + 18, run_.bytes(), 4) != 0) {
    ++others_;
    return;
  }
  ledger_->enter(*message, frame.size());
  if (message->sent_ns > 0 && arrived_ns != 0) {
    const double ns = static_cast<double>(arrived_ns) - message->sent_ns;
    latency_.record(ns > 0 ? static_cast<std::uint64_t>(ns) : 0);
  }
}

std::size_t StreamReader::walk(proto::Bytes bytes, std::uint64_t arrived_ns) {
  std::size_t at = 0;
  while (bytes.size() - at >= prefix_ + proto::standard_header_size) {
    const std::byte* p = bytes.data() + at;
    if (!plausible(p)) [[unlikely]] {
      if (!skipping_) ledger_->enter_corrupt();
      skipping_ = true;
      ++at;
      continue;
    }
    skipping_ = false;
    const std::size_t size = prefix_ + proto::load_be<std::uint16_t>(p + prefix_ + 2);
    if (bytes.size() - at < size) break;
    take(bytes.subspan(at + prefix_, size - prefix_), arrived_ns);
    at += size;
  }
  return at;
}

void StreamReader::feed(proto::Bytes bytes, std::uint64_t arrived_ns) {
  // Complete the frame that the last feed cut, a little at a time, so that little is copied.
  while (!carried_.empty() && !bytes.empty()) {
    constexpr std::size_t bite = 256;
    const std::size_t before = carried_.size();
    const std::size_t n = std::min(bite, bytes.size());
    carried_.insert(carried_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    const std::size_t used = walk(carried_, arrived_ns);
    if (used >= before) {  // what is left lies within `bytes`
      bytes = bytes.subspan(used - before);
      carried_.clear();
    } else {
      carried_.erase(carried_.begin(), carried_.begin() + static_cast<std::ptrdiff_t>(used));
      bytes = bytes.subspan(n);
    }
  }
  const std::size_t used = walk(bytes, arrived_ns);
  carried_.insert(carried_.end(), bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
}

void StreamReader::finish() {
  if (!carried_.empty() && !skipping_) ledger_->enter_corrupt();
  carried_.clear();
}

}  // namespace dlt::bench
