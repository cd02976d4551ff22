// The connection of this process to its daemon: connects, greets, registers, listens, and writes what senders hand it.
//
// Order on the wire: a range that was cut short (Carry) first, then messages of our own (control bytes), then batches.
// All addresses are tried in their order, again and again, and of a host that has several each in turn; after one that
// did not become a connection comes the next, not the first. The incumbent's FIFO, where nobody has named it, comes
// last, and not before our own daemon has been away for `fifo_after`; once connected to, it is stayed with until it
// breaks. Owned by the core. One thread at a time: with several senders they take turns (`turn`); log calls never come
// here. maintain() and what it calls run on the first sender only.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "address.hpp"
#include "atomic_writes.hpp"
#include "batch.hpp"
#include "carry.hpp"
#include "connection.hpp"
#include "dlt/proto/local.hpp"
#include "link.hpp"
#include "recorder.hpp"
#include "resolver.hpp"
#include "sent_log.hpp"
#include "thread_queue.hpp"

namespace dlt::detail {

// What became of the messages of our own on a connection that is gone.
enum class Told : std::uint8_t { in_part, said, heard };  // heard: the daemon has acknowledged them, or never does

// What the uplink is told about the process, and whom it tells what the daemon said.
class UplinkOwner {
 public:
  virtual ~UplinkOwner() = default;
  virtual void on_ready(const proto::local::Hello& daemon) = 0;       // may send from now on; register now
  virtual void on_late_hello(const proto::local::Hello& daemon) = 0;  // of one that was ready without
  virtual void on_message(const proto::local::Message& message) = 0;  // from the daemon
  // What was sent and not confirmed is to be sent again.
  virtual void on_broken(Told told) noexcept = 0;
  // Too long for the way that the connection takes: these were counted as delivered by their queue, and were not sent.
  virtual void on_too_long(std::uint32_t buffer, const Oversized& those) noexcept = 0;
  // maintain() has something to do. Any thread.
  virtual void on_resolved() noexcept = 0;

  // Messages can go. Written by the uplink, read by any thread, also by those that outlive an uplink.
  std::atomic<bool> connected{false};
};

class Uplink {
 public:
  struct Identity {
    AppId app;
    std::string description;
    std::string program;
    std::int32_t pid = 0;
    std::uint64_t instance = 0;  // of the queues: with another one their chunks begin anew
  };
  enum class Flow : std::uint8_t { away, blocked, flowing };
  // How much write() should be given at once: what is copied for it and does not fit is copied again.
  struct Appetite {
    std::size_t bytes;
    std::size_t ranges_of_a_queue;
  };
  static constexpr Appetite of_socket{1 << 20, ThreadQueue::max_ranges};
  static constexpr Appetite of_fifo{64 << 10, 1};  // what a pipe holds
  static constexpr std::chrono::milliseconds fifo_after{2000};

  Uplink(std::vector<Address> addresses, Identity identity, Arena& arena, UplinkOwner& owner,
         const Recorder* recorder = nullptr);

  // Connects, receives, watches limits. The first sender, once a round.
  void maintain(Link::Clock::time_point now);
  // Writes what must go before any batch. flowing: a batch may follow.
  [[nodiscard]] Flow flush();
  // Writes the claimed ranges and gives each back to its queue. blocked: the socket is full now.
  [[nodiscard]] Flow write(std::span<const Range> ranges, Batch& scratch);
  // Appends a message of our own; it goes with the next flush().
  void post(const proto::local::Message& message);

  [[nodiscard]] const Link& link() const noexcept { return link_; }
  [[nodiscard]] Connection::Descriptors descriptors() const noexcept { return connection_.descriptors(); }
  [[nodiscard]] const Appetite& appetite() const noexcept { return connection_.is_fifo() ? of_fifo : of_socket; }
  [[nodiscard]] bool wants_to_write() const noexcept { return !carry_.empty() || !has_said_all(); }
  // Nothing that was posted waits to go.
  [[nodiscard]] bool has_said_all() const noexcept { return control_at_ == control_.size(); }
  [[nodiscard]] Told told() const noexcept {
    if (!link_.may_send() || !has_said_all()) return Told::in_part;  // nobody has read anything yet, or not all
    return speaks(proto::local::capability::ack) && heard_ < said_ ? Told::said : Told::heard;
  }
  [[nodiscard]] bool speaks(std::uint32_t capability) const noexcept { return (capabilities_ & capability) != 0; }
  // The daemon of this connection has the flight recorder.
  [[nodiscard]] bool recorder_announced() const noexcept { return recorder_announced_; }
  void close(Link::Clock::time_point now) noexcept { lost(now); }
  // As close(), but nothing is going to be sent again: what has not gone of a range that was cut counts as lost at
  // exit, and when the daemon has not taken everything, what it has not confirmed counts as overwritten. TCP: waits
  // until it has, `until` at most. True: it has.
  bool end(Link::Clock::time_point until) noexcept;
  void wait_writable(std::chrono::milliseconds limit) noexcept;
  void abandon_in_child() noexcept { connection_.abandon_in_child(); }  // after fork: the connection is the parent's

  std::mutex turn;  // senders only

  // Any thread.
  [[nodiscard]] std::uint64_t writes() const noexcept { return writes_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t connects() const noexcept { return connects_.load(std::memory_order_relaxed); }

 private:
  void try_connect(Link::Clock::time_point now);
  [[nodiscard]] bool connect_to(const Address& to, Link::Clock::time_point now);
  [[nodiscard]] bool connect_to_host(const Address& to);
  void try_next() noexcept;
  [[nodiscard]] bool fall_back_to(const Address& fifo, Link::Clock::time_point now);
  void tell_refusal(const Address& to, std::error_code error) noexcept;
  void begin();
  void greet(Link::Clock::time_point now);
  void enter_fifo();
  void register_application();
  void become_ready(const proto::local::Hello& daemon);
  void learn(const proto::local::Hello& daemon);
  void receive(Link::Clock::time_point now);
  void dispatch();
  void lost(Link::Clock::time_point now) noexcept;
  void shut(Link::Clock::time_point now) noexcept;
  void last_words() noexcept;
  [[nodiscard]] bool has_taken_all(Link::Clock::time_point until) noexcept;
  void take_back(bool by_fifo, Told told) noexcept;
  void interrupt_carry(bool by_fifo) noexcept;
  void deliver(ThreadQueue& queue, std::uint32_t frames, proto::Bytes bytes, bool some_too_long) noexcept;
  void log(const Range& range, std::size_t wire) noexcept;
  void acknowledged(std::uint64_t position) noexcept;
  [[nodiscard]] Flow announce_memory();
  [[nodiscard]] Flow announce(const proto::local::Message& message, int fd, bool& announced);
  [[nodiscard]] Flow send_some(proto::Bytes bytes, std::size_t& moved);
  [[nodiscard]] Wire wire() const noexcept {
    return link_.state() == Link::State::ready && speaks(proto::local::capability::batch) ? Wire::batches
                                                                                          : Wire::single_frames;
  }

  const std::vector<Address> addresses_;
  const Identity identity_;
  Arena& arena_;
  UplinkOwner& owner_;
  const Recorder* const recorder_;   // nullptr, or not open: none
  std::uint32_t refusals_told_ = 0;  // a bit for each address
  std::size_t turn_of_ = 0;          // which address is tried, or the next to be
  Resolver resolver_;
  Endpoints endpoints_;  // of the host of that address
  Link::Clock::time_point no_fifo_before_{};
  Connection connection_;
  Link link_;
  std::uint32_t capabilities_ = 0;
  bool arena_announced_ = false;
  bool recorder_announced_ = false;
  std::vector<std::byte> control_;
  std::size_t control_at_ = 0;
  std::uint64_t said_ = 0;           // where in the stream the last of it ended,
  std::uint64_t heard_ = 0;          // and what the daemon has acknowledged of the stream
  std::vector<std::byte> scratch_;   // for post()
  std::vector<std::byte> received_;  // not dispatched yet
  std::vector<std::byte> incoming_;
  Carry carry_;
  ThreadQueue* carry_queue_ = nullptr;
  bool carry_logged_ = false;  // it stands in sent_log_, and its chunk is kept
  SentLog sent_log_;           // of a daemon that acknowledges

  std::atomic<std::uint64_t> writes_{0};
  std::atomic<std::uint64_t> connects_{0};
};

}  // namespace dlt::detail
