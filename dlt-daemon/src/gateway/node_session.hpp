// The connection to one passive node: connects, receives, sends it requests; again and again as gateway/link says.
//
//   Link --begin--> connecting --> up: NodeStream <--bytes-- node
//    ^                |             |  <--requests of clients, of the configuration
//    |   5 s, refused |             |  end, reset, rubbish, takes nothing for `client_timeout`
//    \---- ended -----/-------------/
//
// Owns the socket. It is not read while the hub is paused: the node's own daemon then has a client that is slow. Never
// waits; what the node does not take of requests is kept up to a limit, beyond it they are refused and counted. Who has
// asked a node that goes before it has answered is told. The io thread's; kept alive by the gateway and by its own
// pending waits.
//
// Without memory for what it needs the connection ends, on whose behalf that ever was, and is tried again. Ending it
// needs none, or does without.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "gateway/link.hpp"
#include "gateway/node_config.hpp"
#include "gateway/node_stream.hpp"
#include "gateway/questions.hpp"

namespace dlt::daemon {
class ClientSession;
class Hub;
}  // namespace dlt::daemon

namespace dlt::daemon::gateway {

class NodeSession : public std::enable_shared_from_this<NodeSession> {
 public:
  using Answer = std::function<void(proto::control::Status)>;

  NodeSession(Hub& hub, NodeConfig config);

  // Goes on for another one, at the same node, which ends: the link and the counts are that one's. Before start().
  void go_on_for(NodeSession& other, const char* reason) noexcept;
  // Connects, if it is a node to connect to at the start.
  void start();
  // Somebody asks for it. Answered when it is connected, or the first try has failed. Throws std::bad_alloc if that
  // cannot be remembered.
  void connect(Answer answer);
  void disconnect(const char* reason) noexcept;
  // Passes a request on, or answers that it cannot. Throws std::bad_alloc if who asks cannot be remembered.
  void forward(ClientSession& from, const ForwardedRequest& request);

  // Reads on after the hub has been paused.
  void resume();
  // Receives what is there already, for an orderly end of the daemon.
  void drain();
  // Goes on, should an error have ended that. Throws std::bad_alloc.
  void revive();

  [[nodiscard]] const NodeConfig& config() const noexcept { return config_; }
  [[nodiscard]] const Link& link() const noexcept { return link_; }
  [[nodiscard]] const NodeStream& stream() const noexcept { return *stream_; }
  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_; }  // that came about
  [[nodiscard]] std::uint64_t forwarded() const noexcept { return forwarded_; }      // requests of clients
  // Requests of clients that were answered in the node's place: it is not connected, has too many waiting, or has gone
  // before it has answered.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }  // why it is not connected
  [[nodiscard]] std::string address() const;

 private:
  struct Asker {
    std::weak_ptr<ClientSession> client;
    friend bool operator==(const Asker& a, const Asker& b) noexcept {
      return !a.client.owner_before(b.client) && !b.client.owner_before(a.client);
    }
  };
  enum class Round : std::uint8_t { more, drained, paused, closed };
  static constexpr std::size_t longest_problem = 120;  // bytes

  template <class Step>
  void do_or_end(Step step);
  template <class Step>
  auto guarded(Step step);
  void begin();
  void try_to_connect();
  void on_connected();
  void ended(std::string_view reason) noexcept;
  void starved() noexcept;
  void go_down(std::string_view reason, bool was_up, std::optional<std::chrono::seconds> pause) noexcept;
  void wait_for_next_try(std::chrono::seconds pause);
  void close_socket() noexcept;
  void end_for_good(const char* reason) noexcept;
  void tell_end(std::string_view reason) noexcept;
  void note(std::string_view problem) noexcept;
  void answer_all(proto::control::Status status) noexcept;
  void refuse_open_questions() noexcept;
  void wait_readable();
  void read_turn();
  Round receive();
  void tell_foreign(std::uint64_t before);
  void pass_on(const Frame& control);
  void request(const proto::control::Request& request);
  void acknowledge(bool at_once);
  void pass_on(const std::vector<Frame>& controls);
  void let_time_pass();
  void let_go();
  [[nodiscard]] bool has_room() const noexcept;
  void enqueue(proto::Bytes frame);
  void flush();
  void tick(Clock::time_point at);
  void on_tick(Clock::time_point now);

  Hub& hub_;
  const NodeConfig config_;
  const std::string name_;  // as the log has it
  Link link_;
  std::unique_ptr<NodeStream> stream_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;              // of the present try, or until the next one
  asio::steady_timer tick_timer_;         // each second while it is up
  asio::steady_timer acknowledge_timer_;  // runs while `acknowledging_`
  std::uint64_t try_ = 0;                 // what waits for an earlier one is void
  std::vector<Answer> answers_;           // to who has asked for the connection
  Questions<Asker> questions_;
  std::vector<std::chrono::seconds> left_;  // until each of config_.periodic is sent
  std::vector<std::byte> out_;
  std::size_t out_sent_ = 0;
  Clock::time_point progress_{};  // when something of out_ was last taken, or it was empty
  std::uint64_t connections_ = 0;
  std::uint64_t forwarded_ = 0;
  std::uint64_t refused_ = 0;
  std::string problem_;
  bool acknowledging_ = false;  // some time
  bool waiting_ = false;        // until the socket is readable
  bool writing_ = false;        // until it is writable
};

}  // namespace dlt::daemon::gateway
