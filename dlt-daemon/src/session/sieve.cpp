#include "session/sieve.hpp"

#include <cstring>

#include "dlt/proto/header.hpp"

namespace dlt::daemon {

FrameSpan Sieve::apply(const FrameSpan& span) {
  if (span.own) return span;
  std::uint32_t wanted = 0;
  for_each_frame(span.bytes(), [&](proto::Bytes frame) { wanted += passes(frame) ? 1U : 0U; });
  if (wanted == span.frames) return span;
  // What is copied fits a slab: it is part of what lies in one.
  if (wanted != 0 && (!slab_ || slab_.get()->memory().size() - used_ < span.size)) {
    slab_ = pool_.take();
    used_ = 0;
  }
  held_back_ += span.frames - wanted;
  FrameSpan some = span;
  some.size = some.frames = 0;
  if (wanted == 0) return some;
  some.slab = slab_;
  some.data = slab_.get()->memory().data() + used_;
  for_each_frame(span.bytes(), [&](proto::Bytes frame) {
    if (passes(frame)) copy(frame, some);
  });
  return some;
}

void Sieve::copy(proto::Bytes frame, FrameSpan& to) {
  std::memcpy(slab_.get()->memory().data() + used_, frame.data(), frame.size());
  used_ += frame.size();
  to.size += static_cast<std::uint32_t>(frame.size());
  ++to.frames;
}

bool Sieve::passes(proto::Bytes frame) {
  const auto htyp = static_cast<std::uint8_t>(frame[0]);
  std::uint64_t ids = 0;
  unsigned level = 0;
  if ((htyp & proto::htyp::extended_header) != 0) {
    const std::byte* const extended = frame.data() + proto::headers_size(htyp) - proto::extended_header_size;
    ids = proto::load_le<std::uint64_t>(extended + 2);
    const auto msin = static_cast<std::uint8_t>(*extended);
    const auto info = proto::msin::info(msin);
    if (proto::msin::type(msin) == proto::MessageType::log && info >= 1 && info <= 6) level = info;
  }
  Slot& slot = slots_[(ids * 0x9e3779b97f4a7c15ULL) >> 56];
  if (!slot.known || slot.ids != ids) slot = {ids, ask(ids), true};
  return (slot.passes >> level & 1U) != 0;
}

std::uint8_t Sieve::ask(std::uint64_t ids) const {
  std::array<std::byte, 8> bytes{};
  proto::store_le(bytes.data(), ids);
  FilterSubject subject{AppId::from_bytes(bytes.data()), ContextId::from_bytes(bytes.data() + 4), std::nullopt};
  unsigned passes = rules_.pass(subject) ? 1U : 0U;
  for (unsigned level = 1; level <= 6; ++level) {
    subject.level = static_cast<Level>(level);
    if (rules_.pass(subject)) passes |= 1U << level;
  }
  return static_cast<std::uint8_t>(passes);
}

}  // namespace dlt::daemon
