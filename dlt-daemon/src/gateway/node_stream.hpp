// What a node sends, and what that means. No socket: bytes come in, the exchange and a list of control messages get
// what they say.
//
//   bytes -> Framer -> log, trace        -> spans -> Router: every client, storage, the backlog
//                   -> control messages  -> every client that is there, as they are
//                   -> with the ECU id of somebody else: nowhere, counted
//                   -> all of them, while a link may go on: held, until the node has answered
//
// gateway/reception.hpp has the link: how far this gateway is in it, and what the node is told.
//
// The daemon of the node has counted its applications and judged their messages: the registry and route/intake of this
// one know nothing of them. Frames are moved together as those of applications are; one that a read tore is copied.
// A message that is not the node's own would come round again where two daemons name each other as nodes.
//
// Every frame is counted when it has been passed on, whole, and the link with it. Without memory for one the connection
// has to end: what was read and not passed on comes again on a link, and is lost() else. The io thread's.
#pragma once

#include <optional>
#include <vector>

#include "dlt/proto/framer.hpp"
#include "gateway/held.hpp"
#include "gateway/reception.hpp"
#include "route/exchange.hpp"

namespace dlt::daemon::gateway {

class NodeStream {
 public:
  // `source`: the node, as spans carry it. `link`: drawn at random.
  NodeStream(Exchange& exchange, EcuId ecu, SessionId source, std::uint64_t link = 1)
      : exchange_(exchange), ecu_(ecu), source_(source), reception_(exchange.options.ecu, link) {}

  // What the node is asked first on a new connection.
  [[nodiscard]] proto::control::GatewayLink on_connected(const Now& now) { return reception_.connected(now.steady); }
  // All of `bytes`, which lie in `slab`; adds the control messages that are passed on. Throws std::bad_alloc; then the
  // connection is to be ended.
  void on_bytes(std::span<std::byte> bytes, const SlabRef& slab, const Now& now, std::vector<Frame>& controls);
  // The connection has ended, perhaps in the middle of a message; the next one begins anew.
  void on_closed() noexcept;
  // What the node is told of what has come: when that is much, or at once.
  [[nodiscard]] std::optional<proto::control::GatewayReceived> acknowledge(bool at_once) noexcept {
    return reception_.acknowledge(at_once);
  }
  // Time passes, with a connection or without; adds as on_bytes() does.
  void tick(const Now& now, std::vector<Frame>& controls) noexcept;
  // There will be no next connection, or not soon: what is held is passed on.
  void let_go(const Now& now, std::vector<Frame>& controls) noexcept;

  // Of all connections so far.
  [[nodiscard]] Volume received() const noexcept { return received_; }  // messages that were given to the router
  [[nodiscard]] std::uint64_t control_messages() const noexcept { return control_messages_; }
  [[nodiscard]] std::uint64_t foreign_messages() const noexcept { return foreign_messages_; }
  [[nodiscard]] EcuId foreign_ecu() const noexcept { return foreign_ecu_; }  // of the last of them
  // Messages that were lost before they came here, by the node's own word, or here for want of memory.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }
  [[nodiscard]] std::uint64_t garbage_bytes() const noexcept { return garbage_bytes_ + framer_.skipped_bytes(); }
  // Of the present connection.
  [[nodiscard]] bool spoken() const noexcept { return spoken_; }  // a whole message has come
  [[nodiscard]] bool makes_sense() const noexcept { return framer_.skipped_bytes() <= tolerated_rubbish; }
  [[nodiscard]] bool must_end() const noexcept { return must_end_; }  // what it sends has been passed on already
  [[nodiscard]] const Reception& reception() const noexcept { return reception_; }

  static constexpr std::uint64_t tolerated_rubbish = 64 * 1024;  // bytes in the life of a connection

 private:
  struct Round {  // of frames that lie in one slab
    const SlabRef& slab;
    const Now& now;
    std::vector<Frame>& controls;
    SpanGather span{};
  };
  void take_one(const proto::Framer::Frame& frame, Round& round);
  void take(std::span<std::byte> frame, std::uint8_t msin, bool carried, Round& round);
  void hold(proto::Bytes frame);
  void leave(std::optional<proto::Framer::Frame> frame) noexcept;
  void pass_on_held(const Now& now, std::vector<Frame>& controls) noexcept;
  void lose(std::uint64_t messages) noexcept { lost_ += messages, untold_ += messages; }
  void tell_lost(const Now& now) noexcept;
  [[nodiscard]] bool take_answer(std::span<std::byte> frame, Round& round);
  void flush(Round& round) noexcept { exchange_.route(round.slab, source_, round.now, round.span, ecu_); }
  [[nodiscard]] std::uint64_t frames() const noexcept {
    return received_.messages + control_messages_ + foreign_messages_;
  }
  [[nodiscard]] bool is_foreign(proto::Bytes frame) const noexcept;
  [[nodiscard]] std::uint64_t messages_in(proto::Bytes frame) const noexcept;
  void take_control(proto::Bytes frame, const Now& now, std::vector<Frame>& controls);
  void route_copy(proto::Bytes frame, const Now& now);

  Exchange& exchange_;
  const EcuId ecu_;
  const SessionId source_;
  proto::Framer framer_;
  Reception reception_;
  Held held_;
  std::uint64_t counted_ = 0;  // frames() up to which reception_ knows
  bool must_end_ = false;
  Volume received_;
  std::uint64_t control_messages_ = 0;
  std::uint64_t foreign_messages_ = 0;
  EcuId foreign_ecu_;
  std::uint64_t lost_ = 0;
  std::uint64_t untold_ = 0;         // of those that were lost here
  std::uint64_t garbage_bytes_ = 0;  // of earlier connections
  bool spoken_ = false;
};

// The service that a control message is about; nothing if it is too short to say.
[[nodiscard]] std::optional<proto::control::Service> service_in(proto::Bytes frame) noexcept;

}  // namespace dlt::daemon::gateway
