// The connection of one application: receives, hands the bytes to its conversation, sends the answers.
//
//   reading --- hub is paused ---> waiting for resume() ---> reading
//      |   \--- faster than allowed ---> waiting for its time ---> reading
//      |  end of stream, error, too much nonsense     killed: no bye, and nobody locks its memory any more
//      |                      \---------------------> salvaging (bounded turns, paused like reading)
//      v                                                |
//   closed (the hub forgets it) <-----------------------/
//
// Without memory for it the connection ends; the process sends again what it was not told of. One that has been killed
// does not: its connection is read to the end, and its memory, as soon as there is memory for that.
//
// Owns the socket. The io thread's; kept alive by the hub and by its own pending waits.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include "session/app_conversation.hpp"
#include "session/shared_memory.hpp"
#include "snapshot/snapshot_job.hpp"

namespace dlt::daemon {

class Hub;

class AppSession : public std::enable_shared_from_this<AppSession> {
 public:
  AppSession(Hub& hub, Fd socket, const Source& source);

  void start();
  // Reads on after the hub has been paused.
  void resume();
  // False: it does not read what waits for it, or is gone. What it can be told later it is told then (levels, whether a
  // client is there), the rest is counted as refused.
  bool send(const proto::local::Message& message);
  // The same; without memory for it the connection ends. What it must know it is told when it is back.
  void tell(const proto::local::Message& message);
  void tell_levels();  // of all its contexts, likewise
  // Tells the application how much of what it sent has gone through every sink. True: there is more to tell later.
  bool acknowledge();
  // Receives what is there already, for an orderly end of the daemon. False: something is left to salvage.
  bool drain();
  // Receives what is there already, whether the hub is paused or not.
  void read_out();
  void close();
  // Its flight recorder; without memory if it has none.
  [[nodiscard]] Recorded recorded() const;

  [[nodiscard]] SessionId id() const noexcept { return conversation_.session(); }
  [[nodiscard]] std::uint64_t instance() const noexcept { return instance_; }  // of the process; 0: not known
  [[nodiscard]] const Source& source() const noexcept { return conversation_.source(); }

 private:
  static constexpr std::uint64_t tolerated_garbage = 1 << 20;  // bytes in the life of a connection

  // less: than was asked for; whether there is more is not known.
  enum class Round : std::uint8_t { more, less, drained, paused, closed };

  void wait_readable();
  void wait_for_its_time(Clock::duration debt);
  void on_readable();
  void read_turn();
  template <class Stop>
  void read_on(Stop stop);
  template <class Goes>
  Round read_while(int rounds, Goes goes);
  Round receive(std::span<const std::byte>& carried);
  Round understand_rest(std::span<const std::byte>& carried);
  void keep_rest(std::span<const std::byte> carried);
  Round understand(std::span<std::byte> bytes, const SlabRef& slab, std::span<const std::byte>& carried);
  void take_up();
  void passed(std::size_t n);
  long receive_bytes(std::byte* to, std::size_t size);
  void take_descriptors(struct msghdr& message);
  void apply(AppConversation::Effects& effects);
  void take_memory(const proto::local::Memfd& announced);
  void take_recorder(const proto::local::Recorder& announced);
  void take_snapshot(const AppConversation::Effects::Snapshot& asked);
  [[nodiscard]] bool is_dead() const noexcept;
  [[nodiscard]] bool has_hung_up() noexcept;
  void starve();
  void tell_of_death();
  void wait_for_memory();
  void refuse_memory(std::string_view why);
  void end_of_stream();
  void salvage_some();
  Round salvage_piece();
  Round try_salvage_piece();
  void understand_salvaged();
  [[nodiscard]] bool has_room() const noexcept;
  void miss(const proto::local::Message& message);
  void flush();
  void on_writable();

  // A place in the stream of this connection, and where all messages before it end in what was routed.
  struct Passed {
    std::uint64_t position;
    std::uint64_t routed;
    Clock::time_point since;
  };

  Hub& hub_;
  asio::posix::stream_descriptor socket_;
  AppConversation conversation_;
  TokenBucket rate_;                              // bytes
  std::optional<asio::steady_timer> rate_timer_;  // made when the rate has been exceeded
  std::vector<std::byte> carry_;                  // a message that is not whole yet, between two waits
  struct {
    SlabRef slab;
    std::span<std::byte> bytes;
  } rest_;  // received, and there was no memory to understand it or to carry it
  std::uint64_t instance_ = 0;
  std::uint64_t position_ = 0;  // bytes of the stream that the conversation has taken
  std::deque<Passed> passed_;   // not acknowledged yet
  std::deque<Fd> descriptors_;  // received, not announced yet
  std::optional<SharedMemory> shared_memory_;
  std::shared_ptr<const SharedMemory> recorder_;
  Fd process_;  // taken with the recorder, where the kernel gives one
  std::int64_t since_us_;
  TokenBucket snapshots_{1, 10};  // that it may ask for, a second
  std::optional<proto::Salvage> salvage_;
  std::optional<asio::steady_timer> memory_timer_;  // made when there was no memory
  bool salvaging_ = false;
  bool salvage_waits_ = false;  // for its next turn
  std::vector<std::byte> out_;
  std::size_t out_sent_ = 0;
  bool closed_ = false;         // the hub has forgotten it
  bool writing_ = false;        // waits until the socket is writable
  bool waiting_ = false;        // waits until the socket is readable
  bool levels_missed_ = false;  // out_ was full: all levels are sent again when it is empty
  bool state_missed_ = false;   // likewise whether a client is there
};

}  // namespace dlt::daemon
