#include "tools/output.hpp"

#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace dlt::tools {

bool Output::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty() && !over()) {
    const ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n >= 0) rest.remove_prefix(static_cast<std::size_t>(n));
    else if (errno == EPIPE) gone_ = true;
    else if (errno == EAGAIN) static_cast<void>(stop_.wait_for(fd_, POLLOUT));
    else if (errno != EINTR) error_ = {errno, std::system_category()};
    if (n < 0 && stop_.asked()) break;  // the reader takes nothing, and we are to end
  }
  buffer_.clear();
  return !over();
}

}  // namespace dlt::tools
