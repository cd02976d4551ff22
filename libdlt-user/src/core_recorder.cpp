// The part of Core that has to do with the flight recorder and its snapshots.
#include <cstdio>
#include <string>

#include "core.hpp"

namespace dlt::detail {

namespace local = proto::local;

// Without it the program logs all the same, and is told.
void Core::open_recorder(Options& o) noexcept {
  if (o.recorder_level == Level::off) return;
  if (recorder_.is_open()) return recorder_.set_most_messages(o.recorder_messages);
  const auto error = recorder_.open(o);
  if (!error) return;
  std::fprintf(stderr, "libdlt-user: no flight recorder: %s\n", error.message().c_str());
  o.recorder_level = Level::off;
}

void Core::set_recording(bool on) noexcept {
  records_.store(on, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < sender_count_; ++i) doorbells_[i].set(attention::record, on);
}

void Core::open_desk() {
  const Options& o = environment_.options;
  const bool recording = o.recorder_level != Level::off;
  desk_.open(recording ? o.recorder_interval : std::chrono::seconds(0), Link::Clock::now());
  if (!recording) return desk_.close("there is no flight recorder: its level is off");
  if (const auto error = signal_.install(o.recorder_signal))
    std::fprintf(stderr, "libdlt-user: signal %d does not ask for snapshots: %s\n", o.recorder_signal,
                 error.message().c_str());
}

void Core::close_desk() noexcept {
  try {
    desk_.close("the session has ended");
  } catch (const std::bad_alloc&) {  // who waits does so until its limit
  }
}

Snapshot Core::snapshot(std::string_view reason, std::chrono::milliseconds limit) {
  if (on_sender_thread()) return {{}, "a callback cannot wait for a snapshot"};
  return desk_.ask(reason, now_and(limit), [this] { doorbells_[0].ring_always(); });
}

void Core::serve_snapshots(Link::Clock::time_point now) {
  std::string_view refusal;
  if (!uplink_->speaks(local::capability::recorder)) refusal = "this daemon makes no snapshots";
  else if (!uplink_->recorder_announced()) refusal = "the daemon is not on this machine, or the kernel is too old";
  desk_.serve(now, refusal, [this](const local::SnapshotRequest& m) { uplink_->post(m); });
}

}  // namespace dlt::detail
