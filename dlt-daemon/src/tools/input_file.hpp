// A file, a pipe or stdin, read from front to back through a window that its user consumes.
//
// Memory: as much as the user leaves unconsumed, and one read. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"
#include "session/fd.hpp"
#include "tools/stop.hpp"

namespace dlt::tools {

// Told about bytes that were not understood: where they begin, how many, why.
using OnSkipped = std::function<void(std::uint64_t offset, std::uint64_t bytes, std::string_view why)>;

class InputFile {
 public:
  // "-": stdin. A folder is an error.
  [[nodiscard]] static Result<InputFile> open(const std::string& path, const Stop& stop);

  // What has been read and not consumed; views live until the next fill().
  [[nodiscard]] proto::Bytes window() const noexcept { return proto::Bytes(buffer_).subspan(at_, end_ - at_); }
  void consume(std::size_t n) noexcept { at_ += n, offset_ += n; }
  // Reads more behind the window. False: nothing more now: the end, an error, or asked to stop.
  [[nodiscard]] bool fill();
  // The same past the window, once it is empty; else from the window.
  [[nodiscard]] std::size_t read(std::span<std::byte> out);

  // Where in the file the window begins.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  InputFile(std::string name, daemon::Fd fd, bool may_block, const Stop& stop)
      : name_(std::move(name)), fd_(std::move(fd)), may_block_(may_block), stop_(&stop) {}

  std::size_t read_some(std::span<std::byte> out);

  std::string name_;
  daemon::Fd fd_;
  bool may_block_;
  const Stop* stop_;
  std::vector<std::byte> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  std::error_code error_;
};

}  // namespace dlt::tools
