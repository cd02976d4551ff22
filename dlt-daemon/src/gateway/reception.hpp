// How far this gateway is in what one node sends, where the node is a daemon of ours that sends again what was lost
// with a connection (proto/FORMAT.md 0xf22, 0xf23).
//
//   state    connected()   answered()   refused()   late()   ended()
//   off      asked         - *          -           -        off
//   asked    -             up           off *       off      off, and the node may have begun the link
//   up       -             -            -           -        off
//
//   *  an answer that comes after late() or refused() is taken all the same: up, where a link begins. Where one goes
//      on, the connection is to be ended: what it repeats has been passed on already.
//
// Any application of the node may log what looks like an answer. is_mine() tells a true one, by the number of the link,
// which is told to nobody else. A refusal bears none: believes_refusals() where there is no link that it could cost.
//
// From the second connection on, what comes before the answer is held: if the link goes on it comes again. A node that
// does not know such links says so, or says nothing for a while; then all is as without them. The link's number is
// another one after each time that something was passed on which the node may send again. Pure; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "dlt/proto/control.hpp"
#include "route/hold.hpp"

namespace dlt::daemon::gateway {

class Reception {
 public:
  static constexpr auto patience = std::chrono::seconds(5);        // with a node that has never answered
  static constexpr auto link_patience = std::chrono::seconds(60);  // with one that has: it keeps the link as long
  static constexpr std::size_t batch = 64 * 1024;  // bytes that come before they are acknowledged at once

  // `own`: the ECU id of this daemon. `link`: drawn at random.
  Reception(EcuId own, std::uint64_t link) noexcept : own_(own), link_(link) {}

  // What the node is asked.
  [[nodiscard]] proto::control::GatewayLink connected(Clock::time_point now) noexcept {
    state_ = State::asked;
    asked_at_ = now;
    late_ = false;
    return {link_, own_, epoch_, received_};
  }
  enum class Then : std::uint8_t {
    pass_on,    // what is held
    leave_out,  // what is held
    end,        // the connection
  };
  [[nodiscard]] Then answered(const proto::control::GatewayLinked& answer) noexcept {
    if (state_ == State::up || (state_ == State::off && !late_)) return Then::pass_on;  // nobody has asked
    const bool goes_on = answer.resumed != 0;
    if (late_ && goes_on) return Then::end;
    state_ = State::up;
    late_ = false;
    begun_ = true;
    epoch_ = answer.epoch;
    received_ = told_ = answer.sent;
    resumed_ += goes_on ? 1U : 0U;
    return goes_on ? Then::leave_out : Then::pass_on;
  }
  [[nodiscard]] bool is_mine(const proto::control::GatewayLinked& answer) const noexcept {
    return answer.link == link_;
  }
  [[nodiscard]] bool believes_refusals() const noexcept { return epoch_ == 0 && !begun_; }
  void refused() noexcept {
    if (state_ != State::asked) return;
    state_ = State::off;
    begun_ = false;
    late_ = true;
    epoch_ = received_ = 0;
  }
  // True: it is late now, and what is held is to be passed on.
  [[nodiscard]] bool late(Clock::time_point now) noexcept {
    const Clock::duration limit = epoch_ != 0 ? link_patience : patience;
    if (state_ != State::asked || now - asked_at_ < limit) return false;
    state_ = State::off;
    late_ = true;
    return true;
  }
  // No connection is there, and the node would not go on with the link any more: what is held is to be passed on.
  [[nodiscard]] bool over(Clock::time_point now) const noexcept {
    return state_ == State::off && begun_ && !late_ && now - asked_at_ >= link_patience;
  }
  void ended() noexcept {
    begun_ |= state_ == State::asked;
    state_ = State::off;
    if (late_) forget();
  }
  // The link is over, here: what is held is passed on.
  void forget() noexcept {
    // Any other number will do.
    link_ = link_ * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    state_ = State::off;
    begun_ = late_ = false;
    epoch_ = received_ = 0;
  }

  // While up: so many frames, of so many bytes, have come.
  void came(std::uint64_t frames, std::size_t bytes) noexcept {
    if (state_ != State::up) return;
    received_ += frames;
    bytes_ += bytes;
  }
  // What the node is to be told: when much has come, or at once if there is anything.
  [[nodiscard]] std::optional<proto::control::GatewayReceived> acknowledge(bool at_once) noexcept {
    if (state_ != State::up || received_ == told_ || (!at_once && bytes_ < batch)) return std::nullopt;
    bytes_ = 0;
    told_ = received_;
    return proto::control::GatewayReceived{told_};
  }

  [[nodiscard]] bool up() const noexcept { return state_ == State::up; }
  [[nodiscard]] bool waits_for_answer() const noexcept { return state_ == State::asked || late_; }
  [[nodiscard]] bool holding() const noexcept { return state_ == State::asked && begun_; }
  [[nodiscard]] bool owes() const noexcept { return state_ == State::up && received_ != told_; }  // an acknowledgement
  [[nodiscard]] std::uint64_t resumed() const noexcept { return resumed_; }  // how often the link went on

 private:
  enum class State : std::uint8_t { off, asked, up };

  EcuId own_;
  std::uint64_t link_;
  State state_ = State::off;
  bool begun_ = false;  // the node may know the link
  bool late_ = false;   // the present connection has not been answered in time, or by a refusal
  Clock::time_point asked_at_{};
  std::uint64_t epoch_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t told_ = 0;
  std::size_t bytes_ = 0;  // since the last acknowledgement
  std::uint64_t resumed_ = 0;
};

}  // namespace dlt::daemon::gateway
