// The files of one filter: the newest is appended to, the next begins when a message does not fit, the oldest goes.
//
//   begin    goes on with the newest file that is there, if it is plain and its end is whole, or empty; else the next
//            index
//   append   message by message as far as they fit, each file with as few writes as possible; the disk has confirmed
//            all of it before append() returns
//
// A message that is larger than a file has one of its own. Owns directory and file; one thread's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "logstorage/file_names.hpp"
#include "logstorage/filter.hpp"
#include "logstorage/packer.hpp"
#include "logstorage/records.hpp"
#include "session/fd.hpp"
#include "storage/log_file.hpp"

namespace dlt::daemon::logstorage {

class FileSet {
 public:
  struct Options {
    std::string device;  // its directory
    Naming naming;
    FileCalls calls = kernel_calls();    // or what a test puts in their place
    std::int64_t (*unix_s)() = nullptr;  // nullptr: the clock
  };

  // `others`: filters that store into other files of the same device.
  FileSet(const Filter& filter, Options options, const std::vector<Filter>& others = {});

  // What would keep append() from writing now, as far as that can be seen without; empty: nothing.
  [[nodiscard]] std::string obstacle() const;

  struct Appended {
    std::size_t stored = 0;     // messages, from the front
    std::size_t discarded = 0;  // behind them: all files are full and nothing may be overwritten
    bool failed = false;        // with what is left; problem() says why
  };
  // `sizes` of the messages that lie back to back in `bytes`.
  [[nodiscard]] Appended append(proto::Bytes bytes, std::span<const std::uint32_t> sizes) noexcept;

  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }  // of the last failure
  [[nodiscard]] const std::string& path() const noexcept { return path_; }        // of the newest file
  [[nodiscard]] std::size_t files() const noexcept { return known_.size(); }

 private:
  enum class Begun : std::uint8_t { yes, no, full };

  struct Piece {
    std::size_t messages = 0;
    std::size_t bytes = 0;
  };

  void append_to(Appended& done, proto::Bytes bytes, std::span<const std::uint32_t> sizes);
  [[nodiscard]] bool open();
  [[nodiscard]] Piece next_piece(std::span<const std::uint32_t> sizes, std::uint64_t most) const noexcept;
  [[nodiscard]] bool is_too_much(const Piece& plain, std::size_t packed) const noexcept;
  [[nodiscard]] bool fits(std::size_t bytes) const noexcept;
  void look_for_loss();
  void scan();
  [[nodiscard]] bool resume();
  [[nodiscard]] Begun begin_file();
  void remove_first(std::size_t n);
  [[nodiscard]] bool confirm_name();
  [[nodiscard]] bool write(proto::Bytes bytes);
  bool failed(const std::string& what, std::error_code error);

  const Options options_;
  const std::string directory_path_;
  const FileNames names_;
  const std::uint64_t file_size_;
  const std::uint32_t files_;
  const bool discard_new_;
  Packer packer_;
  Fd directory_;
  std::vector<FileNames::Entry> known_;  // oldest first
  std::optional<LogFile> file_;
  bool unconfirmed_ = false;  // the disk may not have the name of the file
  std::string path_;
  std::string problem_;
};

}  // namespace dlt::daemon::logstorage
