// The incumbent's logstorage: messages that match a device's filters go to that device.
//
// The io thread's end of the devices: connects and disconnects them, matches messages, hands copies of those that are
// wanted to the device's thread. Its queue is bounded by Hold, what does not fit is dropped and counted. Filters want
// levels of contexts: whoever is given `levels_changed` asks wanted_level() for each context then.
//
//   connect     read by the device's thread -> filters at work -> answered
//   disconnect  no filters any more -> the device's thread writes everything -> answered: the device may be removed
//
// Answers are given by the io thread, later, or at once where there is nothing to wait for; with the statuses of COVESA
// 2.18.8: ok, warning (connected, but something in the configuration is left out), error. The io thread's.
#pragma once

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dlt/proto/control.hpp"
#include "logstorage/device.hpp"
#include "logstorage/matcher.hpp"
#include "route/sink.hpp"

namespace dlt::daemon {

class LogstorageSink : public Sink {
 public:
  using Status = proto::control::Status;
  using Answer = std::function<void(Status)>;
  struct Options {
    EcuId ecu{"ECU1"};
    std::size_t max_devices = 0;
    std::uint64_t cache = 30'000 * 1024;  // bytes, of all devices
    logstorage::Naming naming;
    Hold::Limits queue;                    // of each device
    logstorage::Device::Options device{};  // what a test wants otherwise
    std::function<void()> levels_changed = [] {};
    // Before a device's filters go: contexts of these get another level now.
    std::function<void(const logstorage::Matcher&)> reset_levels = [](const logstorage::Matcher&) {};
  };

  LogstorageSink(asio::io_context& io, Options options);
  ~LogstorageSink() override;

  // What 0xf05 asks for; an answer comes in any case, unless the daemon ends before.
  void connect(const std::string& path, Answer answer);
  void disconnect(const std::string& path, Answer answer);
  void sync(const std::string& path, Answer answer);  // an empty path: all devices

  void accept(const FrameSpan& span, Clock::time_point now) override;
  void push() override;
  [[nodiscard]] bool holds_back(Clock::time_point now) noexcept override;
  [[nodiscard]] std::uint64_t settled() const noexcept override;

  // Of all filters that are at work; -1: none wants one.
  [[nodiscard]] std::int8_t wanted_level(AppId app, ContextId context) const noexcept;
  // False: a client may set a context below what filters want.
  [[nodiscard]] bool maintains_levels() const noexcept;
  // Some filter's messages are not for clients; and is this one of those?
  [[nodiscard]] bool keeps_from_clients() const noexcept;
  [[nodiscard]] bool keeps_from_clients(const std::byte* frame) noexcept;

  [[nodiscard]] std::vector<logstorage::DeviceStatus> status() const;
  // Writes everything; nothing may be accepted after it.
  void stop();

 private:
  using State = logstorage::DeviceStatus::State;
  struct Slot {
    std::string path;
    State state = State::connecting;
    std::optional<logstorage::Matcher> matcher;  // while connected
    bool maintain = true;
    std::optional<Hold> hold;  // while there is a device
    logstorage::Device::Batch pending;
    std::uint64_t pushed = 0;                      // `routed` of the last batch
    std::uint64_t dropped = 0;                     // messages
    std::uint64_t dropping = 0;                    // since its queue was empty
    std::vector<Answer> answers;                   // to who waits for connecting or disconnecting
    std::vector<Answer> again{};                   // at most one: connect once it is disconnected
    logstorage::DeviceStatus last{};               // of a device that has failed
    std::unique_ptr<logstorage::Device> device{};  // last: its thread ends first

    explicit Slot(std::string p) : path(std::move(p)) {}
  };

  [[nodiscard]] Slot* find(const std::string& path) noexcept;
  [[nodiscard]] bool make_room();
  void open(Slot& slot);
  void try_open(Slot& slot);
  void take_filters(Slot& slot, logstorage::Device::Opened& opened);
  void on_opened(const std::string& path, logstorage::Device::Opened opened);
  void on_failed(const std::string& path);
  void on_closed(const std::string& path, bool good);
  void begin_close(Slot& slot, State then);
  void remove_filters(Slot& slot);
  void take(Slot& slot, const FrameSpan& span, bool room);
  void hand_over(Slot& slot) noexcept;
  static void look_at_queue(Slot& slot) noexcept;
  static void tell_dropped(Slot& slot) noexcept;

  asio::io_context& io_;
  const Options options_;
  logstorage::CacheBudget budget_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace dlt::daemon
