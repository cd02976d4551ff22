#include "gateway/node_stream.hpp"

#include <new>

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

// How many messages the node says in it are lost. Decoding that takes no memory.
std::uint64_t told_loss(proto::Bytes frame) noexcept {
  if (control_msin(frame) != proto::msin::control_response) return 0;
  if (service_in(frame) != control::Service::message_buffer_overflow) return 0;
  const auto response = control::decode_response(frame.subspan(proto::headers_size(htyp_of(frame))), order_of(frame));
  const auto* const overflow = response ? std::get_if<control::MessageBufferOverflow>(&*response) : nullptr;
  return overflow != nullptr ? overflow->lost : 0;
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
  const auto settle = [&]() noexcept {
    flush(round);
    reception_.came(frames() - counted_, bytes.size());
    exchange_.garbage_bytes += garbage_bytes() - garbage;
  };
  std::optional<proto::Framer::Frame> frame;
  try {
    while (!must_end_ && (frame = framer_.next())) {
      take_one(*frame, round);
      frame.reset();
    }
  } catch (const std::bad_alloc&) {
    leave(frame);
    settle();
    throw;
  }
  settle();
}

void NodeStream::take_one(const proto::Framer::Frame& frame, Round& round) {
  spoken_ = true;
  // The bytes are the slab's or the framer's, both ours.
  const std::span<std::byte> own{const_cast<std::byte*>(frame.bytes.data()), frame.bytes.size()};
  const auto msin = control_msin(own);
  if (msin == proto::msin::control_response && take_answer(own, round)) [[unlikely]]
    return;
  if (reception_.holding()) [[unlikely]]
    return hold(own);
  take(own, msin, frame.carried, round);
}

// There was no memory for `frame`, or to read on; what has been read behind it is left as well. Frames behind the
// node's answer are of the link, and come again.
void NodeStream::leave(std::optional<proto::Framer::Frame> frame) noexcept {
  if (reception_.up()) return;
  std::uint64_t messages = 0;
  try {
    for (; frame || (frame = framer_.next()); frame.reset()) {
      if (reception_.waits_for_answer() && control_msin(frame->bytes) == proto::msin::control_response &&
          service_in(frame->bytes) == control::Service::gateway_link)
        break;
      messages += messages_in(frame->bytes);
    }
  } catch (const std::bad_alloc&) {  // the rest is of a torn one
  }
  if (reception_.holding()) held_.miss(messages);
  else lose(messages);
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
  if (carried) {
    flush(round);
    route_copy(frame, round.now);
  } else {  // the slab is ours until the span is routed
    exchange_.collect(frame, round.slab, source_, round.now, round.span, ecu_);
  }
  ++received_.messages;
  received_.bytes += frame.size();
}

// A copy: it may stay for a minute, and all that was received around it would stay with it.
void NodeStream::hold(proto::Bytes frame) {
  const FrameSpan copy = exchange_.own.put(Frame(frame.begin(), frame.end()));
  held_.add(copy.bytes(), copy.slab);
}

// Messages need no memory for that. A control message that finds none is left out: it answers nobody, who asked on the
// connection that brought it has been told of its end.
void NodeStream::pass_on_held(const Now& now, std::vector<Frame>& controls) noexcept {
  lose(held_.take_dropped());
  tell_lost(now);
  while (held_.has_spans()) {
    const FrameSpan span = held_.take_front();
    Round round{span.slab, now, controls};
    for_each_frame(span.bytes(), [&](proto::Bytes frame) {
      try {
        take({const_cast<std::byte*>(frame.data()), frame.size()}, control_msin(frame), false, round);
      } catch (const std::bad_alloc&) {
        lost_ += told_loss(frame);
        exchange_.refusals.add(Refusal::starved, 1, now.steady, "a control message of a passive node");
      }
    });
    flush(round);
  }
}

// To clients; without memory for that with a later tick.
void NodeStream::tell_lost(const Now& now) noexcept {
  if (untold_ == 0) return;
  try {
    exchange_.notify(exchange_.control.lost({}, untold_, now.uptime), now.steady);
    untold_ = 0;
  } catch (const std::bad_alloc&) {
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
    case Reception::Then::leave_out: held_.clear(); break;
    case Reception::Then::end: must_end_ = true; break;
  }
  counted_ = frames();
  return true;
}

void NodeStream::tick(const Now& now, std::vector<Frame>& controls) noexcept {
  tell_lost(now);
  if (reception_.late(now.steady)) pass_on_held(now, controls);
  else if (reception_.over(now.steady)) let_go(now, controls);
}

void NodeStream::let_go(const Now& now, std::vector<Frame>& controls) noexcept {
  tell_lost(now);
  if (held_.empty()) return;
  reception_.forget();
  pass_on_held(now, controls);
}

void NodeStream::on_closed() noexcept {
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

// How many messages it is, or says are lost.
std::uint64_t NodeStream::messages_in(proto::Bytes frame) const noexcept {
  if (control_msin(frame) != 0) return is_foreign(frame) ? 0 : told_loss(frame);
  return is_foreign(frame) && *ecu_in(frame) != library_ecu ? 0 : 1;
}

void NodeStream::take_control(proto::Bytes frame, const Now& now, std::vector<Frame>& controls) {
  exchange_.notify(controls.emplace_back(frame.begin(), frame.end()), now.steady);
  ++control_messages_;
  lost_ += told_loss(frame);
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
