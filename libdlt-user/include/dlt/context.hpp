// A context: a named source of messages within the application, with a level of its own.
//
// Make them at namespace scope, as members or as locals; two with the same id share level and counter, and each has
// callbacks of its own. Making one takes no lock, nor does destroying one whose id has never had a callback. enabled()
// is one relaxed load: a message of this level is sent, or at least recorded (Options::recorder_level). All functions
// may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "dlt/detail/context_data.hpp"
#include "dlt/detail/export.hpp"
#include "dlt/proto/ids.hpp"
#include "dlt/proto/level.hpp"

namespace dlt {

// Names a buffer for one call; see Context::in.
struct Buffer {
  std::uint32_t index = 0;
};

// A context together with the buffer that the message shall use instead of the one of its level.
struct ContextInBuffer {
  detail::ContextData* data;
  Buffer buffer;
  [[nodiscard]] DLT_INLINE bool enabled(Level level) const noexcept {
    return data->level.load(std::memory_order_relaxed) >= static_cast<std::int8_t>(level);
  }
};

class DLT_EXPORT Context {
 public:
  using Injection = std::function<void(std::uint32_t service, std::span<const std::byte> data)>;
  using LevelChange = std::function<void(Level)>;

  // `description` is shown by clients; cut at 255 bytes.
  explicit Context(ContextId id, std::string_view description = {}) noexcept;
  // With a level that holds until a client changes it, whatever the daemon's default is.
  Context(ContextId id, std::string_view description, Level level) noexcept;
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  [[nodiscard]] DLT_INLINE bool enabled(Level level) const noexcept {
    // sync: relaxed, a level has no data behind it; written by the sender, by start and end, and by who makes contexts
    return data_->level.load(std::memory_order_relaxed) >= static_cast<std::int8_t>(level);
  }
  [[nodiscard]] Level level() const noexcept;  // that is sent
  [[nodiscard]] Level reach() const noexcept;  // that is sent or recorded: what enabled() compares with
  [[nodiscard]] ContextId id() const noexcept;

  // DLT_INFO(route.in(dlt::Buffer{3}), "…") uses that buffer; one that does not exist falls back to the level's own.
  [[nodiscard]] DLT_INLINE ContextInBuffer in(Buffer buffer) noexcept { return {data_, buffer}; }

  // Callbacks end with the Context that set them: its destructor waits while one runs (but in the callback itself).
  // Calls `callback` on the library's sender thread when a client injects `service` (>= 0xFFF) into this context.
  void on_injection(std::uint32_t service, Injection callback);
  // Calls `callback` on the library's sender thread when the level was changed from outside.
  void on_level_change(LevelChange callback);

  [[nodiscard]] DLT_INLINE detail::ContextData& data() const noexcept { return *data_; }

 private:
  detail::ContextData* data_;
};

}  // namespace dlt
