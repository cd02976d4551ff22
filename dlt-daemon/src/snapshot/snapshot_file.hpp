// Writes a recording into a file of a directory: complete and on the disk under its name, or not there at all.
//
//   create ".snapshot-…" -> pieces, each an independent zstd frame -> fsync -> rename, never over another -> fsync the
//   directory                        any failure: the temporary file is removed and the result says what went wrong
//
// After that the oldest snapshots beyond the limits are deleted: without memory for that, after the next one. What the
// result of a file says has its memory before the file has its name. One thread's: the snapshot thread.
#pragma once

#include "snapshot/snapshot_job.hpp"
#include "snapshot/snapshot_note.hpp"
#include "storage/compressor.hpp"
#include "storage/file_calls.hpp"
#include "storage/retention.hpp"

namespace dlt::daemon {

class SnapshotFiles {
 public:
  struct Options {
    std::string directory;
    Retention::Limits keep{256 << 20, 100};  // of all snapshots together
    SnapshotPlace place;
    FileCalls calls = kernel_calls();  // or what a test puts in their place
  };

  explicit SnapshotFiles(Options options) : options_(std::move(options)) {}

  // Never throws: without memory that is the result. The first one also removes what a daemon that was killed left half
  // done.
  [[nodiscard]] SnapshotResult write(const SnapshotJob& job) noexcept;

 private:
  class Output;
  [[nodiscard]] SnapshotResult try_write(const SnapshotJob& job);
  [[nodiscard]] std::string fill(Output& out, const SnapshotJob& job, const proto::Recording& recording,
                                 const SnapshotMoment& now);
  [[nodiscard]] std::string publish(const Fd& directory, const std::string& temporary, const SnapshotJob& job,
                                    std::string& path) const;
  void clean(const Fd& directory) const;
  void make_room(const Fd& directory, std::string_view newest) const noexcept;
  void try_make_room(const Fd& directory, std::string_view newest) const;

  const Options options_;
  Compressor compressor_;
  std::uint64_t turn_ = 0;  // of temporary names
  bool cleaned_ = false;
};

}  // namespace dlt::daemon
