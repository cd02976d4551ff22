// The part of Uplink that finds a daemon and says who we are; the first sender's, as is all of maintain().
#include <cstdio>
#include <utility>

#include "uplink.hpp"

namespace dlt::detail {

namespace local = proto::local;

void Uplink::maintain(Link::Clock::time_point now) {
  if (link_.due(now)) try_connect(now);
  if (link_.state() == Link::State::connecting) {
    if (link_.on_tick(now)) return lost(now);
    if (resolver_.has_answer()) try_connect(now);
    return;  // flush() finds out how it ended
  }
  if (!connection_.is_open()) return;
  receive(now);
  const bool was_plain = link_.state() == Link::State::plain;
  if (link_.on_tick(now)) return lost(now);
  if (was_plain || link_.state() != Link::State::plain) return;
  local::Hello unspoken;
  unspoken.capabilities = 0;
  become_ready(unspoken);
}

void Uplink::try_connect(Link::Clock::time_point now) {
  link_.on_connecting(now);
  for (std::size_t n = 0; n < addresses_.size(); ++n) {
    const Address& to = addresses_[turn_of_];
    const bool fallback = to.by_default && to.kind == Address::Kind::fifo;
    if (fallback ? fall_back_to(to, now) : connect_to(to, now)) return;
    turn_of_ = (turn_of_ + 1) % addresses_.size();
  }
  link_.on_lost(now);
}

// What was tried has not become a connection, or has been one.
void Uplink::try_next() noexcept {
  switch (link_.state()) {
    case Link::State::away: return;
    case Link::State::ready:
    case Link::State::plain: return endpoints_.forget();
    case Link::State::connecting:
    case Link::State::greeting: break;
  }
  endpoints_.failed();
  if (endpoints_.current() == nullptr) turn_of_ = (turn_of_ + 1) % addresses_.size();
}

bool Uplink::connect_to(const Address& to, Link::Clock::time_point now) {
  if (to.kind == Address::Kind::tcp) return connect_to_host(to);
  std::error_code unanswered;
  if (const auto error = connection_.connect(to, identity_.pid, unanswered)) {
    tell_refusal(to, error);
    return false;
  }
  if (unanswered)
    std::fprintf(stderr, "libdlt-user: no levels and injections from %s/dlt: no pipe %s/dltpipes/dlt%d: %s\n",
                 to.path.c_str(), to.path.c_str(), identity_.pid, unanswered.message().c_str());
  if (connection_.is_fifo()) enter_fifo();
  else greet(now);
  return true;
}

// True: on the way, perhaps not further than to where the host is.
bool Uplink::connect_to_host(const Address& to) {
  if (endpoints_.current() == nullptr) {
    auto found = resolver_.look_up(to.host, to.port);
    if (!found) return would_block(found.error());
    endpoints_.begin(std::move(*found));
  }
  for (; endpoints_.current() != nullptr; endpoints_.failed())
    if (!connection_.connect(*endpoints_.current())) return true;
  return false;
}

// Our own daemon may read that FIFO too. It opens its sockets first: when somebody reads it, they are asked once more.
bool Uplink::fall_back_to(const Address& fifo, Link::Clock::time_point now) {
  if (now < no_fifo_before_) return false;
  if (const auto error = Fifo::look(fifo)) {
    tell_refusal(fifo, error);
    return false;
  }
  for (const Address& to : addresses_)
    if (to.kind != Address::Kind::fifo && connect_to(to, now)) return true;
  return connect_to(fifo, now);
}

// Once an address: it goes on trying, because permissions can change.
void Uplink::tell_refusal(const Address& to, std::error_code error) noexcept {
  const bool fifo = to.kind == Address::Kind::fifo;
  const char* what = nullptr;
  const char* why = "";
  if (error == std::errc::permission_denied && fifo) {
    what = "no permission to write to";
    why = ": is this user in its group?";
  } else if (error == std::errc::permission_denied) {
    what = "no permission to connect to";
    why = ": is this user in the daemon's group?";
  } else if (fifo && error == std::errc::operation_not_permitted) {
    what = "not used, because it belongs to another user and to no group of this one:";
  } else if (fifo && error == std::errc::not_a_stream && !to.by_default) {
    what = "no FIFO:";
  }
  if (what == nullptr) return;
  const std::uint32_t bit = 1U << static_cast<std::size_t>(&to - addresses_.data());
  if ((std::exchange(refusals_told_, refusals_told_ | bit) & bit) != 0) return;
  std::fprintf(stderr, "libdlt-user: %s %s%s%s\n", what, to.path.c_str(), fifo ? "/dlt" : "", why);
}

void Uplink::begin() {
  connects_.fetch_add(1, std::memory_order_relaxed);
  capabilities_ = 0;
  arena_announced_ = false;
  recorder_announced_ = false;
  received_.clear();
  sent_log_.begin();
  said_ = heard_ = 0;
  carry_logged_ = false;
}

void Uplink::greet(Link::Clock::time_point now) {
  link_.on_connected(now, !connection_.is_unix());
  begin();
  local::Hello hello;
  hello.pid = identity_.pid;
  hello.instance = identity_.instance;
  hello.name = std::string_view(identity_.program).substr(0, local::max_description);
  post(hello);
  register_application();
}

// The library's default id is what the incumbent's daemon exchanges for its own.
void Uplink::enter_fifo() {
  link_.on_plain();
  begin();
  register_application();
  local::Hello unspoken;
  unspoken.capabilities = 0;
  unspoken.ecu = EcuId("ECU1");
  become_ready(unspoken);
}

void Uplink::register_application() {
  post(local::RegisterApplication{identity_.app, identity_.pid,
                                  std::string_view(identity_.description).substr(0, local::max_description)});
}

void Uplink::become_ready(const local::Hello& daemon) {
  endpoints_.worked();
  turn_of_ = 0;
  capabilities_ = daemon.capabilities;
  if (!carry_.empty()) {
    carry_.resume(wire());
    sent_log_.skip(carry_.rest().size());
  }
  owner_.on_ready(daemon);
}

// One that was taken for the incumbent's because it was too busy to answer in time. A carry goes on as it has begun.
void Uplink::learn(const local::Hello& daemon) {
  capabilities_ = daemon.capabilities;
  owner_.on_late_hello(daemon);
}

}  // namespace dlt::detail
