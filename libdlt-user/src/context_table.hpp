// All contexts of the process, registered or not, in a list that only grows. Contexts may be made before the session
// starts and destroyed after it ended; entries stay, so that the pointer inside a Context is always good.
//
// Making and releasing a context takes no lock (callbacks do, and they are rare). Any thread; what is marked "sender"
// belongs to the sender thread.
//
// A callback belongs to the Context that set it: with that Context it goes. Where several have one id each of them may
// have callbacks, which are called in the order in which they were set. The Context's destructor waits while the
// callback runs, so that what the callback refers to, and its code, may go next.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "dlt/context.hpp"
#include "dlt/detail/context_data.hpp"

namespace dlt::detail {

struct ContextEntry {
  static constexpr std::size_t max_description = 255;

  ContextData data;  // first: a Context points at it
  ContextId id;
  std::uint32_t position = 0;           // our number for it on the wire
  std::atomic<std::int32_t> users{0};   // Context objects that are alive
  std::atomic<std::int8_t> wanted{-2};  // the level that the program asked for; -2: none
  ContextEntry* next = nullptr;         // older entry; written before publication

  template <class F>
  struct Callback {
    const Context* owner = nullptr;
    std::uint64_t ordinal = 0;          // of all that were ever set in the entry
    std::shared_ptr<const F> function;  // copied by whoever calls it: that takes no memory
  };
  std::atomic<bool> has_callbacks{false};
  std::mutex callbacks_mutex;  // never taken by a log call, nor held while a callback runs
  std::uint64_t last_ordinal = 0;
  std::multimap<std::uint32_t, Callback<Context::Injection>> injections;  // by service; one of an owner, as is the next
  std::vector<Callback<Context::LevelChange>> on_level;
  std::atomic<const Context*> calling{nullptr};  // whose callback runs; set under the mutex

  // sender
  bool announced = false;

  [[nodiscard]] std::string_view description() const noexcept { return {text, text_size}; }
  char text[max_description] = {};
  std::uint8_t text_size = 0;

  static ContextEntry& of(ContextData& data) noexcept { return reinterpret_cast<ContextEntry&>(data); }
};

// The constant parts of the headers.
struct FrameIdentity {
  EcuId ecu{"ECU1"};
  AppId app;
  std::uint32_t session = 0;  // pid
};

class ContextTable {
 public:
  // Finds or makes the entry; never fails (one shared entry serves when memory is used up, always off).
  [[nodiscard]] ContextEntry& acquire(ContextId id, std::string_view description, std::optional<Level> level) noexcept;
  void release(ContextEntry& entry) noexcept;

  // Fills the headers of every entry, present and future, and turns the levels on.
  // `recorded`: up to this level messages are made even if they are not sent; off: never.
  void start(const FrameIdentity& identity, Level level, Level (*initial)(ContextId),
             Level recorded = Level::off) noexcept;
  void stop() noexcept;  // turns every level off
  void set_ecu(EcuId ecu) noexcept;
  // Of a context, by the daemon; it stays off when the session has ended. False: it had this level.
  bool set_level(ContextEntry& entry, std::int8_t level) noexcept;
  void after_fork_in_child(std::uint32_t session) noexcept;

  // Newest first.
  [[nodiscard]] ContextEntry* head() const noexcept { return head_.load(std::memory_order_acquire); }  // sync: contexts
  [[nodiscard]] std::uint32_t changes() const noexcept { return changes_.load(std::memory_order_acquire); }

 private:
  void prepare(ContextEntry& entry) noexcept;
  void apply(ContextEntry& entry) noexcept;

  std::atomic<ContextEntry*> head_{nullptr};  // sync: contexts, released by acquire()
  std::atomic<std::uint32_t> positions_{0};
  std::atomic<std::uint32_t> changes_{0};
  // Set by start() before `started_` is released, read after it was acquired. sync: contexts-started
  std::atomic<bool> started_{false};
  std::atomic<std::uint32_t> ecu_{0};
  std::atomic<std::uint32_t> app_{0};
  std::atomic<std::uint32_t> session_{0};
  std::atomic<std::int8_t> level_{0};
  std::atomic<std::int8_t> recorded_{0};
  std::atomic<Level (*)(ContextId)> initial_{nullptr};
};

// The process's; there before any constructor runs, and after every destructor.
[[nodiscard]] ContextTable& contexts() noexcept;

}  // namespace dlt::detail
