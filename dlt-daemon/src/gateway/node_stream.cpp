#include "gateway/node_stream.hpp"

#include "dlt/proto/header.hpp"
#include "route/library_ecu.hpp"

namespace dlt::daemon::gateway {

namespace control = proto::control;

namespace {

std::uint8_t htyp_of(proto::Bytes frame) noexcept { return std::to_integer<std::uint8_t>(frame[0]); }

// The MSIN of a control message, 0 for any other.
std::uint8_t control_msin(proto::Bytes frame) noexcept {
  const auto h = htyp_of(frame);
  if ((h & proto::htyp::extended_header) == 0) return 0;
  const auto msin = std::to_integer<std::uint8_t>(frame[proto::headers_size(h) - proto::extended_header_size]);
  return proto::msin::type(msin) == proto::MessageType::control ? msin : 0;
}

std::optional<EcuId> ecu_in(proto::Bytes frame) noexcept {
  if ((htyp_of(frame) & proto::htyp::with_ecu) == 0) return std::nullopt;
  return EcuId::from_bytes(frame.data() + proto::standard_header_size);
}

std::endian order_of(proto::Bytes frame) noexcept {
  return (htyp_of(frame) & proto::htyp::big_endian_payload) != 0 ? std::endian::big : std::endian::little;
}

}  // namespace

std::optional<control::Service> service_in(proto::Bytes frame) noexcept {
  proto::ByteReader in(frame.subspan(proto::headers_size(htyp_of(frame))));
  const auto service = in.number<std::uint32_t>(order_of(frame));
  if (!in.ok()) return std::nullopt;
  return static_cast<control::Service>(service);
}

void NodeStream::on_bytes(std::span<std::byte> bytes, const SlabRef& slab, const Now& now,
                          std::vector<Frame>& controls) {
  const auto garbage = garbage_bytes();
  SpanGather span;
  const auto flush = [&] { exchange_.route(slab, source_, now, span, ecu_); };
  framer_.feed(bytes);
  while (const auto frame = framer_.next()) {
    spoken_ = true;
    // The bytes are the slab's or the framer's, both ours.
    adopt({const_cast<std::byte*>(frame->bytes.data()), frame->bytes.size()});
    if (is_foreign(frame->bytes)) {
      ++foreign_messages_;
      foreign_ecu_ = *ecu_in(frame->bytes);
      continue;
    }
    if (control_msin(frame->bytes) != 0) {
      flush();
      take_control(frame->bytes, now, controls);
      continue;
    }
    ++received_.messages;
    received_.bytes += frame->bytes.size();
    if (frame->carried) {
      flush();
      route_copy(frame->bytes, now);
      continue;
    }
    // The slab is ours until the span is routed.
    exchange_.collect({const_cast<std::byte*>(frame->bytes.data()), frame->bytes.size()}, slab, source_, now, span,
                      ecu_);
  }
  flush();
  exchange_.garbage_bytes += garbage_bytes() - garbage;
}

void NodeStream::on_closed() {
  garbage_bytes_ += framer_.skipped_bytes() + framer_.pending();
  exchange_.garbage_bytes += framer_.pending();
  framer_ = proto::Framer();
  spoken_ = false;
}

// A log message with the default of libraries, as an application writes it that does not know its daemon yet, is the
// node's: it gets the node's id.
void NodeStream::adopt(std::span<std::byte> frame) const noexcept {
  if (control_msin(frame) == 0) (void)replace_library_ecu(frame, ecu_);
}

// What carries no ECU id is the node's: it came from there.
bool NodeStream::is_foreign(proto::Bytes frame) const noexcept {
  const auto ecu = ecu_in(frame);
  return ecu && *ecu != ecu_;
}

void NodeStream::take_control(proto::Bytes frame, const Now& now, std::vector<Frame>& controls) {
  ++control_messages_;
  const Frame copy(frame.begin(), frame.end());
  exchange_.notify(copy, now.steady);
  if (control_msin(frame) == proto::msin::control_response) {
    const auto response = control::decode_response(frame.subspan(proto::headers_size(htyp_of(frame))), order_of(frame));
    if (response)
      if (const auto* overflow = std::get_if<control::MessageBufferOverflow>(&*response)) lost_ += overflow->lost;
  }
  controls.push_back(copy);
}

void NodeStream::route_copy(proto::Bytes frame, const Now& now) {
  FrameSpan span = exchange_.own.put(Frame(frame.begin(), frame.end()));
  span.own = false;
  span.received_us = now.unix_us;
  span.source = static_cast<std::uint32_t>(source_);
  span.ecu = ecu_;
  span.stored_only = exchange_.stored_only && exchange_.stored_only(span.data);
  exchange_.router.route(std::move(span), now.steady);
}

}  // namespace dlt::daemon::gateway
