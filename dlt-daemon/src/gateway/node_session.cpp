#include "gateway/node_session.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>

#include <sys/socket.h>

#include "attempt.hpp"
#include "printable.hpp"
#include "random_number.hpp"
#include "session/hub.hpp"
#include "session/serial_header.hpp"
#include "session/watch_peer.hpp"

namespace dlt::daemon::gateway {

namespace control = proto::control;
using asio::ip::tcp;
using control::Service;
using control::Status;

namespace {

constexpr auto connect_limit = std::chrono::seconds(5);
constexpr int rounds_per_turn = 8;  // reads before other connections get their turn
constexpr int rounds_at_the_end = 64;
constexpr std::size_t read_size = 256 * 1024;
constexpr std::size_t out_limit = 256 * 1024;  // bytes of requests waiting for a node that does not read
constexpr std::size_t most_answers = 64;       // to who asks for a connection while it is tried
constexpr auto acknowledge_interval = std::chrono::milliseconds(50);  // for what comes in small amounts

// Requests that are about the connection by which they come: that to a node is this daemon's, not a client's.
bool is_of_connection(Service service) noexcept {
  return service == Service::gateway_link || service == Service::gateway_received ||
         service == Service::set_client_filter;
}

control::Request request_of(Service service) {
  if (service == Service::get_default_log_level) return control::GetDefaultLogLevel{};
  if (service == Service::get_software_version) return control::GetSoftwareVersion{};
  return control::GetLogInfo{};
}

std::string address_of(const NodeConfig& node) {
  const bool v6 = node.address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", node.address, v6 ? "]" : "", node.port);
}

}  // namespace

NodeSession::NodeSession(Hub& hub, NodeConfig config)
    : hub_(hub),
      config_(std::move(config)),
      name_(fmt::format("passive node {} at {}", printable(config_.ecu.text()), address_of(config_))),
      link_(config_.interval, config_.retries),
      stream_(std::make_unique<NodeStream>(hub.exchange(), config_.ecu, hub.next_session(), random_number())),
      socket_(hub.io()),
      timer_(hub.io()),
      tick_timer_(hub.io()),
      acknowledge_timer_(hub.io()) {
  problem_.reserve(longest_problem);
}

std::string NodeSession::address() const { return address_of(config_); }

// Without memory for what the step needs, the connection ends.
template <class Step>
void NodeSession::do_or_end(Step step) {
  if (!attempt(std::move(step))) starved();
}

// A handler of the present try.
template <class Step>
auto NodeSession::guarded(Step step) {
  return [self = shared_from_this(), step, of = try_](std::error_code error) {
    if (of == self->try_) self->do_or_end([&] { step(*self, error); });
  };
}

void NodeSession::start() {
  if (config_.on_startup && link_.connect()) begin();
  else attempt([this] { let_go(); });
}

void NodeSession::connect(Answer answer) {
  if (link_.state() == Link::State::up) return answer(Status::ok);
  if (answers_.size() == most_answers) return answer(Status::error);
  answers_.push_back(std::move(answer));
  if (link_.connect()) begin();
}

void NodeSession::begin() {
  close_socket();
  do_or_end([this] { try_to_connect(); });
}

void NodeSession::try_to_connect() {
  if (hub_.gateway().is_own(config_.address, config_.port)) {
    link_.give_up();
    return ended("that is where this daemon itself serves its clients");
  }
  std::error_code error;
  const tcp::endpoint to(asio::ip::make_address(config_.address, error), config_.port);
  if (!error) socket_.open(to.protocol(), error);
  if (error) return ended(error.message());
  watch_peer(socket_.native_handle(), hub_.peer_timeout());
  timer_.expires_after(connect_limit);
  timer_.async_wait(guarded([](NodeSession& self, std::error_code e) {
    if (!e && self.link_.state() == Link::State::connecting) self.ended("it does not answer");
  }));
  socket_.async_connect(to, guarded([](NodeSession& self, std::error_code e) {
                          if (e) self.ended(e.message());
                          else self.on_connected();
                        }));
}

void NodeSession::on_connected() {
  link_.connected();
  ++connections_;
  problem_.clear();
  timer_.cancel();
  progress_ = Clock::now();
  hub_.say("{} is connected", name_);
  wait_readable();
  left_.clear();
  for (const Periodic& p : config_.periodic) left_.push_back(p.interval);
  tick(progress_ + std::chrono::seconds(1));
  answer_all(Status::ok);
  request(stream_->on_connected(hub_.now()));
  for (const Service service : config_.at_connect) request(request_of(service));
}

void NodeSession::wait_for_next_try(std::chrono::seconds pause) {
  timer_.expires_after(pause);
  timer_.async_wait(guarded([](NodeSession& self, std::error_code e) {
    if (!e && self.link_.due()) self.begin();
  }));
}

// Who asks is known before the node is: whatever happens then, it is answered.
void NodeSession::forward(ClientSession& from, const ForwardedRequest& request) {
  if (!is_of_connection(request.service) && link_.state() == Link::State::up && has_room()) {
    questions_.add({from.weak_from_this()}, request.service, Clock::now());
    ++forwarded_;
    return do_or_end([&] { enqueue(request.frame); });
  }
  ++refused_;
  from.reply(Control::unreachable(config_.ecu, request.service, hub_.now().uptime));
  from.push();
}

void NodeSession::request(const control::Request& request) {
  control::Envelope envelope;
  envelope.ecu = config_.ecu;
  envelope.timestamp = hub_.now().uptime;
  if (const auto frame = control::frame(request, envelope); frame && has_room())
    enqueue(*frame);  // one that takes nothing is cut off anyhow
}

bool NodeSession::has_room() const noexcept { return out_.size() - out_sent_ <= out_limit; }

// Where has_room().
void NodeSession::enqueue(proto::Bytes frame) {
  if (out_.empty()) progress_ = Clock::now();
  if (config_.serial_header) {
    const auto header = proto::as_bytes({SerialHeader::bytes, SerialHeader::size});
    out_.insert(out_.end(), header.begin(), header.end());
  }
  out_.insert(out_.end(), frame.begin(), frame.end());
  flush();
}

// An error here is found by the reading side.
void NodeSession::flush() {
  while (!writing_ && socket_.is_open() && out_sent_ < out_.size()) {
    const long n =
        ::send(socket_.native_handle(), out_.data() + out_sent_, out_.size() - out_sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      out_sent_ += static_cast<std::size_t>(n);
      progress_ = Clock::now();
    } else if (errno == EAGAIN) {
      socket_.async_wait(tcp::socket::wait_write, guarded([](NodeSession& self, std::error_code e) {
                           self.writing_ = false;
                           if (!e) self.flush();
                         }));
      writing_ = true;
    } else if (errno != EINTR) {
      return;
    }
  }
  if (out_sent_ == out_.size() || out_sent_ > out_limit) {
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(out_sent_));
    out_sent_ = 0;
  }
}

void NodeSession::wait_readable() {
  if (waiting_) return;
  socket_.async_wait(tcp::socket::wait_read, guarded([](NodeSession& self, std::error_code e) {
                       self.waiting_ = false;
                       if (!e) self.read_turn();
                     }));
  waiting_ = true;
}

void NodeSession::resume() {
  if (link_.state() == Link::State::up) do_or_end([this] { wait_readable(); });
}

void NodeSession::read_turn() {
  if (!hub_.reading()) return;  // resume() waits again
  Round round = Round::more;
  for (int i = 0; i < rounds_per_turn && round == Round::more; ++i) round = receive();
  if (round == Round::more || round == Round::drained) wait_readable();
}

void NodeSession::drain() {
  Round round = link_.state() == Link::State::up ? Round::more : Round::closed;
  do_or_end([&] {
    for (int i = 0; i < rounds_at_the_end && round == Round::more; ++i) round = receive();
  });
  if (round == Round::drained && stream_->reception().holding()) disconnect("the daemon ends");
}

NodeSession::Round NodeSession::receive() {
  if (hub_.paused()) return Round::paused;
  ReadBuffer& buffer = hub_.read_buffer();
  const auto room = buffer.room({});
  const std::size_t wanted = std::min(room.free, read_size);
  const long n = ::recv(socket_.native_handle(), room.begin, wanted, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return Round::drained;
  if (n <= 0) return ended(n == 0 ? "it has closed the connection" : std::strerror(errno)), Round::closed;
  buffer.received(static_cast<std::size_t>(n));
  std::vector<Frame> controls;
  const auto foreign = stream_->foreign_messages();
  stream_->on_bytes({room.begin, static_cast<std::size_t>(n)}, buffer.slab(), hub_.now(), controls);
  if (stream_->spoken()) link_.spoken();
  tell_foreign(foreign);
  pass_on(controls);
  if (stream_->must_end()) ended("it has answered too late");
  acknowledge(false);
  if (!stream_->makes_sense()) {
    hub_.exchange().refusals.add(Refusal::rubbish, 1, Clock::now(), "what passive node {} sends",
                                 printable(config_.ecu.text()));
    ended("what it sends means nothing");
  }
  hub_.routed();
  if (link_.state() != Link::State::up) return Round::closed;
  return static_cast<std::size_t>(n) < wanted ? Round::drained : Round::more;
}

// At once where much has come, else a little later; and again later while the node does not take what it is told.
void NodeSession::acknowledge(bool at_once) {
  if (has_room())
    if (const auto received = stream_->acknowledge(at_once)) request(*received);
  if (acknowledging_ || !stream_->reception().owes()) return;
  acknowledge_timer_.expires_after(acknowledge_interval);
  acknowledge_timer_.async_wait(guarded([](NodeSession& self, std::error_code e) {
    if (e) return;
    self.acknowledging_ = false;
    self.acknowledge(true);
  }));
  acknowledging_ = true;
}

void NodeSession::let_time_pass() {
  std::vector<Frame> controls;
  stream_->tick(hub_.now(), controls);
  pass_on(controls);
  hub_.routed();
}

void NodeSession::let_go() {
  std::vector<Frame> controls;
  stream_->let_go(hub_.now(), controls);
  pass_on(controls);
  hub_.routed();
}

void NodeSession::pass_on(const std::vector<Frame>& controls) {
  for (const Frame& frame : controls) pass_on(frame);
}

void NodeSession::tell_foreign(std::uint64_t before) {
  if (before != 0 || stream_->foreign_messages() == 0) return;
  spdlog::warn("{} sends messages of '{}': they are not passed on; is its EcuID right?", name_,
               printable(stream_->foreign_ecu().text()));
}

// Viewers have got it with the notices of this daemon.
void NodeSession::pass_on(const Frame& frame) {
  const auto service = questions_.empty() ? std::nullopt : service_in(frame);
  if (!service) return;
  for (const Asker& asker : questions_.answered(*service, Clock::now())) {
    const auto client = asker.client.lock();
    if (!client || client->kind() != ClientSession::Kind::control) continue;
    client->answer_later([&] { return frame; });
  }
}

void NodeSession::tick(Clock::time_point at) {
  tick_timer_.expires_at(at);
  tick_timer_.async_wait(guarded([at](NodeSession& self, std::error_code e) {
    if (e) return;
    self.tick(at + std::chrono::seconds(1));
    self.on_tick(Clock::now());
  }));
}

void NodeSession::on_tick(Clock::time_point now) {
  for (std::size_t i = 0; i < left_.size(); ++i) {
    if (--left_[i] > std::chrono::seconds(0)) continue;
    left_[i] = config_.periodic[i].interval;
    request(request_of(config_.periodic[i].service));
  }
  let_time_pass();
  if (!out_.empty() && now - progress_ > hub_.client_timeout()) ended("it takes nothing any more");
}

// What it waited for may not have been begun.
void NodeSession::revive() {
  switch (link_.state()) {
    case Link::State::idle:
    case Link::State::given_up: return;
    case Link::State::connecting: return go_down("an error has ended the try", false, link_.hindered());
    case Link::State::waiting: return wait_for_next_try(config_.interval);
    case Link::State::up:
      flush();
      wait_readable();
      acknowledge(true);
      return tick(Clock::now() + std::chrono::seconds(1));
  }
}

}  // namespace dlt::daemon::gateway
