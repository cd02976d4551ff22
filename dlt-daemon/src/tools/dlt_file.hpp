// `-o FILE`: stored messages, plain or, where the name ends in .gz or .zst, as independent gzip members or zstd frames
// of at most 256 KiB.
//
// The file grows in whole pieces of whole messages: whatever ends the program, it is not torn; a piece that does not
// fit on the disk is taken back. What has been added and not flushed is in memory. A file of that name is replaced,
// or, with `limit`, renamed to NAME.0.dlt, NAME.1.dlt, ... like each that has reached the limit. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "logstorage/packer.hpp"
#include "storage/log_file.hpp"

namespace dlt::tools {

// What a name promises that is not written, such as .xz: ".xz is not written; .gz and .zst are".
[[nodiscard]] std::optional<std::string> unknown_packing(std::string_view name);

class DltFile {
 public:
  struct Options {
    std::string path;
    std::uint64_t limit = 0;  // bytes; 0: none. A message that is larger has a file of its own
  };

  // The file is there afterwards, or the reason why not is returned.
  [[nodiscard]] static Result<DltFile> open(Options options);

  // Storage header and frame. An error: what was not written yet is lost, this message too, lost() of it.
  std::error_code add(proto::Bytes storage, proto::Bytes frame);
  std::error_code flush();

  [[nodiscard]] bool pending() const noexcept { return !piece_.empty(); }
  [[nodiscard]] std::uint64_t messages() const noexcept { return written_messages_; }  // in the files
  [[nodiscard]] std::uint64_t bytes() const noexcept { return written_bytes_; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }  // messages
  [[nodiscard]] const std::string& path() const noexcept { return options_.path; }

 private:
  DltFile(Options options, daemon::Fd directory, std::string name);

  std::error_code create();
  std::error_code make_room();
  std::error_code rotate();
  std::error_code write_piece();
  [[nodiscard]] std::string old_name(std::uint64_t number) const;
  [[nodiscard]] std::uint64_t first_free_number() const;

  Options options_;
  daemon::Fd directory_;
  std::string name_;
  std::optional<daemon::LogFile> file_;
  daemon::logstorage::Packer packer_;
  std::size_t capacity_;
  std::vector<std::byte> piece_;
  std::uint64_t piece_messages_ = 0;
  std::optional<std::uint64_t> next_number_;
  std::uint64_t written_messages_ = 0;
  std::uint64_t written_bytes_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace dlt::tools
