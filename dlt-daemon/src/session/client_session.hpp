// The connection of one client: a viewer, a recorder, a tool. Sends its outbox, receives requests.
//
// A viewer is sent what is routed; a connection for control is sent the answers to its requests and nothing else.
// Requests are answered one by one, and the next one waits while many answers do: a client that asks for more than it
// reads costs a bounded amount of memory, and gets every answer as soon as it reads.
//
// Owns the socket. As a sink it never waits: what the socket does not take stays in the outbox, and when that is full
// it drops. A client to which nothing can be sent for `client_timeout` is disconnected. The io thread's; kept alive by
// the hub and by its own pending waits.
#pragma once

#include <memory>
#include <new>
#include <optional>
#include <string>

#include <asio/posix/stream_descriptor.hpp>

#include "route/sink.hpp"
#include "session/broken_links.hpp"
#include "session/client_conversation.hpp"
#include "session/fd.hpp"
#include "session/outbox.hpp"
#include "session/serial_header.hpp"
#include "session/sieve.hpp"

namespace dlt::daemon {

class Hub;

class ClientSession : public Sink, public std::enable_shared_from_this<ClientSession> {
 public:
  enum class Kind : std::uint8_t { viewer, control };

  ClientSession(Hub& hub, Fd socket, std::string peer, Kind kind);

  void start();
  void accept(const FrameSpan& span, Clock::time_point now) override;
  void push() override;
  [[nodiscard]] bool holds_back(Clock::time_point now) noexcept override { return outbox_.holds(now); }
  [[nodiscard]] std::uint64_t settled() const noexcept override { return outbox_.settled(); }
  [[nodiscard]] std::deque<FrameSpan> unsent_messages() const override;
  void reply(const Frame& frame);
  // What `make` returns, as the answer to a request that had to wait. Without memory for it the client is given up.
  template <class Make>
  void answer_later(Make&& make) {
    try {
      reply(make());
    } catch (const std::bad_alloc&) {
      return starve();
    }
    push();
  }
  // Only what passes is sent from now on; no rules: everything.
  void set_filter(FilterRules rules);
  // It is a gateway that wants a link on which nothing is lost.
  void open_link(const proto::control::GatewayLink& asked);
  // Where it has a link: what other clients have given back that is older than that.
  void take_given_back();
  // All up to there has come, on its link.
  void received(std::uint64_t frames);
  // Goes on, should an error have ended that.
  void revive();
  // Once a second: disconnects a client that takes nothing.
  void tick(Clock::time_point now);
  void close(const char* reason);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& peer() const noexcept { return peer_; }
  [[nodiscard]] Clock::time_point since() const noexcept { return since_; }
  [[nodiscard]] const Outbox& outbox() const noexcept { return outbox_; }
  // Nothing is owed to it, and a gateway has said that it has got everything.
  [[nodiscard]] bool has_all() const noexcept;
  [[nodiscard]] const std::optional<GatewayId>& gateway() const noexcept { return gateway_; }  // where it has a link
  // Messages that did not pass its filter.
  [[nodiscard]] std::uint64_t filtered() const noexcept { return filtered_ + (sieve_ ? sieve_->held_back() : 0); }
  [[nodiscard]] std::uint64_t garbage_bytes() const noexcept { return conversation_.garbage_bytes(); }

 private:
  void wait_readable();
  void on_readable();
  void receive();
  void answer();
  void on_writable();
  void reject();
  void send_some();
  void fail(const char* reason = "sending failed");
  void starve();
  void give_up();
  [[nodiscard]] bool is_stuck() const noexcept;
  void tell_loss();
  void greet();
  [[nodiscard]] std::deque<FrameSpan> as_sent(const std::deque<FrameSpan>& spans);
  void go_on_with(BrokenLinks::Found&& found, const proto::control::GatewayLink& asked);
  void keep_link() noexcept;

  Hub& hub_;
  asio::posix::stream_descriptor socket_;
  const std::string peer_;
  const Kind kind_;
  const Clock::time_point since_;
  ClientConversation conversation_;
  std::optional<Sieve> sieve_;                 // where a filter is asked for
  std::optional<SerialHeader> serial_header_;  // where it is asked for
  Outbox outbox_;
  std::optional<GatewayId> gateway_;
  Clock::time_point progress_;  // when something was last sent, or the outbox was empty
  std::uint64_t filtered_ = 0;  // by filters before the present one
  Volume missed_;               // there was no memory for their place in the outbox
  bool writing_ = false;        // waits until the socket is writable
  bool reading_ = false;        // waits until the socket is readable
  bool failed_ = false;         // about to be closed
  bool answering_ = false;      // answer() is running
};

}  // namespace dlt::daemon
