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
  Round round{slab, now, controls};
  counted_ = frames();
  framer_.feed(bytes);
  while (const auto frame = framer_.next()) {
    spoken_ = true;
    // The bytes are the slab's or the framer's, both ours.
    const std::span<std::byte> own{const_cast<std::byte*>(frame->bytes.data()), frame->bytes.size()};
    const auto msin = control_msin(own);
    if (msin == proto::msin::control_response && take_answer(own, round)) [[unlikely]] {
      if (must_end_) break;
    } else if (reception_.holding()) [[unlikely]] {
      hold(own);
    } else {
      take(own, msin, frame->carried, round);
    }
  }
  flush(round);
  reception_.came(frames() - counted_, bytes.size());
  exchange_.garbage_bytes += garbage_bytes() - garbage;
}

void NodeStream::take(std::span<std::byte> frame, std::uint8_t msin, bool carried, Round& round) {
  // A log message with the default of libraries, as an application writes it that does not know its daemon yet, is the
  // node's: it gets the node's id.
  if (msin == 0) (void)replace_library_ecu(frame, ecu_);
  if (is_foreign(frame)) {
    ++foreign_messages_;
    foreign_ecu_ = *ecu_in(frame);
    return;
  }
  if (msin != 0) {
    flush(round);
    return take_control(frame, round.now, round.controls);
  }
  ++received_.messages;
  received_.bytes += frame.size();
  if (carried) {
    flush(round);
    return route_copy(frame, round.now);
  }
  // The slab is ours until the span is routed.
  exchange_.collect(frame, round.slab, source_, round.now, round.span, ecu_);
}

// A copy: it may stay for a minute, and all that was received around it would stay with it.
void NodeStream::hold(proto::Bytes frame) {
  const FrameSpan copy = exchange_.own.put(Frame(frame.begin(), frame.end()));
  held_.add(copy.bytes(), copy.slab);
}

void NodeStream::pass_on_held(const Now& now, std::vector<Frame>& controls) {
  if (const auto dropped = held_.take_dropped(); dropped != 0) {
    lost_ += dropped;
    exchange_.notify(exchange_.control.lost({}, dropped, now.uptime), now.steady);
  }
  for (const FrameSpan& span : held_.take()) {
    Round round{span.slab, now, controls};
    for_each_frame(span.bytes(), [&](proto::Bytes frame) {
      take({const_cast<std::byte*>(frame.data()), frame.size()}, control_msin(frame), false, round);
    });
    flush(round);
  }
}

// What the node says to 0xf22 is for this daemon alone. False: it is not about that, or not to be believed, or nobody
// has asked: then it is a frame like any other, which any application of the node may have written.
bool NodeStream::take_answer(std::span<std::byte> frame, Round& round) {
  if (!reception_.waits_for_answer() || service_in(frame) != control::Service::gateway_link) return false;
  const auto answer = control::decode_response(frame.subspan(proto::headers_size(htyp_of(frame))), order_of(frame));
  if (!answer) return false;
  const auto* const linked = std::get_if<control::GatewayLinked>(&*answer);
  if (linked != nullptr ? !reception_.is_mine(*linked) : !reception_.believes_refusals()) return false;
  flush(round);
  ++control_messages_;
  if (linked == nullptr || linked->status != control::Status::ok) {
    reception_.refused();
    pass_on_held(round.now, round.controls);
    return true;
  }
  switch (reception_.answered(*linked)) {
    case Reception::Then::pass_on: pass_on_held(round.now, round.controls); break;
    case Reception::Then::leave_out:
      (void)held_.take();
      (void)held_.take_dropped();
      break;
    case Reception::Then::end: must_end_ = true; break;
  }
  counted_ = frames();
  return true;
}

void NodeStream::tick(const Now& now, std::vector<Frame>& controls) {
  if (reception_.late(now.steady)) pass_on_held(now, controls);
  else if (reception_.over(now.steady)) let_go(now, controls);
}

void NodeStream::let_go(const Now& now, std::vector<Frame>& controls) {
  if (held_.empty()) return;
  reception_.forget();
  pass_on_held(now, controls);
}

void NodeStream::on_closed() {
  garbage_bytes_ += framer_.skipped_bytes() + framer_.pending();
  exchange_.garbage_bytes += framer_.pending();
  framer_ = proto::Framer();
  spoken_ = must_end_ = false;
  reception_.ended();
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
