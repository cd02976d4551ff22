// What an application's connection says, and what that means. No socket: bytes come in, effects go out.
//
//   bytes -> LocalFramer -> frames   -> counted, gathered into spans -> Router
//                        -> messages -> Registry, replies, notices
//
// Frames that come singly, or in small batches, are moved together (over the headers between them) so that sinks get
// few long spans; those of large batches stay where they were received.
//
// Nothing that is said in the name of another user's application has an effect; it is counted as refused. The io
// thread's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dlt/proto/local_framer.hpp"
#include "dlt/proto/salvage.hpp"
#include "route/exchange.hpp"

namespace dlt::daemon {

class AppConversation {
 public:
  AppConversation(Exchange& exchange, const Source& source) noexcept : exchange_(exchange), source_(source) {}

  struct Effects {
    std::vector<std::byte> reply;                    // to this application
    std::vector<LevelPush> levels;                   // to any application
    std::optional<proto::local::Memfd> memfd;        // came with a file descriptor
    std::optional<proto::local::Recorder> recorder;  // likewise
    struct Snapshot {
      std::uint32_t id = 0;
      std::string reason;
    };
    std::vector<Snapshot> snapshots;  // that it asks for
  };

  // Takes what is whole at the front of `bytes`, which lie in `slab`, and tells how much that was. The rest has to be
  // shown again with more behind it. Throws std::bad_alloc for want of memory for what a message means; the frames
  // before it have been routed.
  [[nodiscard]] std::size_t on_bytes(std::span<std::byte> bytes, const SlabRef& slab, const Now& now, Effects& effects);
  // How much it took before it threw.
  [[nodiscard]] std::size_t used() const noexcept { return framer_.used(); }
  // The stream has ended, perhaps in the middle of a message, and what follows comes from the application's memory:
  // tells how far the stream went, and begins anew. Valid until the next on_bytes().
  [[nodiscard]] const proto::Salvage::Received& on_cut();
  // The connection has ended, and there is nothing more to come.
  void on_closed(const Now& now);

  [[nodiscard]] SessionId session() const noexcept { return source_.session; }
  [[nodiscard]] const Source& source() const noexcept { return source_; }
  // Has it said anything that means something?
  [[nodiscard]] bool spoken() const noexcept { return spoken_; }
  [[nodiscard]] std::uint64_t garbage_bytes() const noexcept { return garbage_bytes_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }  // what Hello or registration said
  [[nodiscard]] AppId app() const noexcept { return app_; }                 // the first one that it registered
  [[nodiscard]] bool said_bye() const noexcept { return said_bye_; }
  [[nodiscard]] std::uint32_t capabilities() const noexcept { return capabilities_; }
  [[nodiscard]] std::uint64_t instance() const noexcept { return instance_; }  // what Hello said
  using Positions = std::vector<proto::Salvage::Position>;
  // An earlier connection of the same process got so far: what comes again of that is passed over. Before any batch.
  void resume(Positions positions);

  // Messages to an application, encoded.
  static void append(std::vector<std::byte>& out, const proto::local::Message& message);

 private:
  struct Handler;
  void note(const proto::local::Batch& batch);
  void note(const proto::local::Loss& loss, const proto::local::Loss::Entry& entry);
  void announce_removed(const std::vector<Removed>& removed, const Now& now);
  void refuse(Refusal why, AppId app, const Now& now, std::uint64_t n = 1);

  Exchange& exchange_;
  const Source source_;
  proto::local::LocalFramer framer_;
  std::string name_;
  AppId app_;
  std::uint32_t capabilities_ = 0;
  std::uint64_t instance_ = 0;
  bool resumed_ = false;
  std::uint32_t repeated_ = 0;  // bytes at the front of the current batch that an earlier connection brought
  std::uint64_t garbage_bytes_ = 0;
  bool spoken_ = false;
  bool said_bye_ = false;
  // For salvage: what this connection has brought so far, the current batch as if it were complete.
  proto::Salvage::Received received_;
  std::uint32_t last_slot_ = none;  // whose position the current batch has moved
  std::uint32_t least_ = 0;         // where that position is, however little of the batch comes
  static constexpr std::uint32_t none = ~0U;
};

}  // namespace dlt::daemon
