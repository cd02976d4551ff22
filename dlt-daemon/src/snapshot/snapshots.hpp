// Snapshots of flight recorders: who asks for them and hears of them. The work is SnapshotWriter's.
//
//   application, client, signal, interval ---> take() ---> writer's thread ---> answer, on the io thread
//   an application died  ---> crashed() --- how? at most a second ---> take()
//
// The io thread's. Without a directory nothing is ever taken.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "session/fd.hpp"
#include "snapshot/snapshot_writer.hpp"

namespace dlt::daemon {

class Snapshots {
 public:
  using Answer = std::function<void(const SnapshotResult&)>;
  // Of several: how many files, whether all went well, a line for each.
  struct All {
    std::uint32_t written = 0;
    bool good = true;
    std::string text;
  };
  using AllAnswer = std::function<void(const All&)>;

  static constexpr std::chrono::milliseconds wait_for_end{1000};  // until a dead process has told how it died
  // More, for memory to take the snapshot at all; then it has failed.
  static constexpr std::chrono::milliseconds wait_for_memory{10'000};

  // `options.directory` empty: there are none.
  Snapshots(asio::io_context& io, SnapshotFiles::Options options);
  ~Snapshots();

  [[nodiscard]] bool enabled() const noexcept { return writer_ != nullptr; }
  // `answer` is called later, unless the daemon ends before; at once where nothing can be taken, or too many wait.
  void take(const Recorded& of, std::string_view reason, Answer answer = {});
  void take_each(const std::vector<Recorded>& of, std::string_view reason, AllAnswer answer = {});
  // Its process is dead; `process`: a descriptor of it, or none. Throws std::bad_alloc, and has not taken `process`.
  void crashed(Recorded of, Fd&& process);
  // One for this reason cannot even be asked for: there is no memory.
  void fail(std::string_view reason) noexcept;
  // Writes what waits, for a moment at most.
  void stop();

  struct Status {
    bool enabled = false;
    std::string directory;
    std::uint64_t taken = 0;
    std::uint64_t refused = 0;  // too many waited
    std::uint64_t failed = 0;
    std::uint64_t bytes = 0;  // of those taken
    std::size_t waiting = 0;
    std::string last;     // the newest file
    SnapshotStages took;  // for that one
    std::string problem;  // of the last that failed
  };
  [[nodiscard]] Status status() const;

 private:
  struct Dead;
  void look_at(const std::shared_ptr<Dead>& dead) noexcept;
  [[nodiscard]] bool take_dead(const Dead& dead);
  void finished(const SnapshotResult& result, const std::string& what) noexcept;

  asio::io_context& io_;
  Status status_;
  std::vector<std::weak_ptr<Dead>> dead_;  // whose end is still asked for
  std::unique_ptr<SnapshotWriter> writer_;
};

}  // namespace dlt::daemon
