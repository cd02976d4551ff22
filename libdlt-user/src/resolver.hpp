// Finds out where in the network a host is, without holding up who asks.
//
//   a number   taken as it is, at once
//   a name     looked up by a thread of its own: the C library's look-up takes as long as DNS does, half a minute and
//              more where no server answers, and nothing can end it
//
// Nobody waits for that thread. It shares what it writes with who has asked, and whoever is last lets go: the session
// may end meanwhile, or the process. A forked child has no such thread; there a new session asks for itself.
// One thread at a time; `on_answer` is called by the thread that looks up, not after the resolver is gone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dlt/proto/error.hpp"
#include "socket.hpp"

namespace dlt::detail {

class Resolver {
 public:
  // Look-ups of one process that go on at once: sessions that come and go while DNS is dead leave no more threads.
  static constexpr std::uint32_t most_at_once = 4;

  explicit Resolver(std::function<void()> on_answer) : on_answer_(std::move(on_answer)) {}
  ~Resolver() { forget(); }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The host's places, in the order in which they are to be tried. std::errc::operation_would_block: `on_answer` will
  // tell when it is worth asking again.
  [[nodiscard]] Result<std::vector<Endpoint>> look_up(const std::string& host, const std::string& port);
  // There is an answer that nobody has fetched.
  [[nodiscard]] bool has_answer() const noexcept;

  static void after_fork_in_child() noexcept;

 private:
  struct Question;
  static void answer(Question& question) noexcept;
  [[nodiscard]] std::error_code ask(const std::string& host, const std::string& port);
  void forget() noexcept;

  const std::function<void()> on_answer_;
  std::shared_ptr<Question> asked_;
};

// Which place of a host is tried next. Pure.
class Endpoints {
 public:
  // Newly looked up. The place that worked last comes first, if it is among them.
  void begin(std::vector<Endpoint> found) noexcept;
  [[nodiscard]] const Endpoint* current() const noexcept { return at_ < all_.size() ? &all_[at_] : nullptr; }
  void failed() noexcept { at_ = std::min(at_ + 1, all_.size()); }
  void worked() noexcept {
    if (current() != nullptr) worked_ = *current();
  }
  void forget() noexcept { all_.clear(); }  // to be looked up anew

 private:
  std::vector<Endpoint> all_;
  std::size_t at_ = 0;
  Endpoint worked_;
};

}  // namespace dlt::detail
