// Stdout, written in large pieces. A reader that goes away (EPIPE) is a quiet end; every other failure has a reason.
// One thread.
#pragma once

#include <string>
#include <system_error>

#include "tools/stop.hpp"

namespace dlt::tools {

class Output {
 public:
  explicit Output(int fd, const Stop& stop) : fd_(fd), stop_(stop) {}

  // What is to be written is appended here.
  [[nodiscard]] std::string& buffer() noexcept { return buffer_; }
  // Writes if there is a good deal to write. False: it is over, see gone() and error().
  bool advance() { return buffer_.size() < piece ? !over() : flush(); }
  bool flush();

  [[nodiscard]] bool over() const noexcept { return gone_ || error_; }
  [[nodiscard]] bool gone() const noexcept { return gone_; }  // nobody reads any more
  [[nodiscard]] std::error_code error() const noexcept { return error_; }

 private:
  static constexpr std::size_t piece = 128 * 1024;

  int fd_;
  const Stop& stop_;
  std::string buffer_;
  bool gone_ = false;
  std::error_code error_;
};

}  // namespace dlt::tools
