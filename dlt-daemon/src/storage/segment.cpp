#include "storage/segment.hpp"

#include <cassert>
#include <cstring>

#include "dlt/proto/header.hpp"
#include "dlt/proto/level.hpp"

namespace dlt::daemon {

namespace {

bool is_fatal(const std::byte* frame) noexcept {
  const auto h = std::to_integer<std::uint8_t>(frame[0]);
  if ((h & proto::htyp::extended_header) == 0) return false;
  const auto msin = std::to_integer<std::uint8_t>(frame[proto::headers_size(h) - proto::extended_header_size]);
  return proto::msin::type(msin) == proto::MessageType::log &&
         proto::msin::info(msin) == static_cast<std::uint8_t>(Level::fatal);
}

}  // namespace

Segment::Segment(EcuId ecu, std::size_t capacity, bool watch_fatal)
    : ecu_(ecu.key()), capacity_(capacity), watch_fatal_(watch_fatal), memory_(new std::byte[capacity]) {
  assert(capacity >= proto::max_frame_size + proto::storage_header_size && "a segment holds the largest frame");
}

void Segment::take(FrameSpan& span) noexcept {
  std::byte header[proto::storage_header_size];
  std::memcpy(header, "DLT\x01", 4);
  proto::store_le(header + 4, static_cast<std::uint32_t>(span.received_us / 1'000'000));
  proto::store_le(header + 8, static_cast<std::uint32_t>(span.received_us % 1'000'000));
  proto::store_le(header + 12, span.ecu.empty() ? ecu_ : span.ecu.key());
  std::byte* out = memory_.get() + size_;
  const std::byte* const limit = memory_.get() + capacity_;
  const std::byte* in = span.data;
  const std::byte* const end = span.data + span.size;
  std::uint32_t frames = 0;
  while (in != end) {
    const std::size_t n = frame_length(in);
    if (static_cast<std::size_t>(limit - out) < sizeof header + n) break;
    std::memcpy(out, header, sizeof header);
    std::memcpy(out + sizeof header, in, n);
    if (watch_fatal_ && is_fatal(in)) fatal_ = true;
    out += sizeof header + n;
    in += n;
    ++frames;
  }
  const auto taken = static_cast<std::uint32_t>(in - span.data);
  size_ = static_cast<std::size_t>(out - memory_.get());
  volume_.messages += frames;
  volume_.bytes += taken;
  span.data = in;
  span.size -= taken;
  span.frames -= frames;
  full_ = span.size > 0;
}

void Segment::clear() noexcept {
  size_ = 0;
  volume_ = {};
  full_ = false;
  fatal_ = false;
}

}  // namespace dlt::daemon
