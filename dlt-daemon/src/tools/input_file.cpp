#include "tools/input_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dlt::tools {

namespace {
constexpr std::size_t piece = 256 * 1024;  // bytes read at a time
std::error_code last_error() noexcept { return {errno, std::system_category()}; }
}  // namespace

Result<InputFile> InputFile::open(const std::string& path, const Stop& stop) {
  daemon::Fd fd(path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return last_error();
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return last_error();
  if (S_ISDIR(info.st_mode)) return std::make_error_code(std::errc::is_a_directory);
  if (S_ISREG(info.st_mode)) ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return InputFile(path == "-" ? "stdin" : path, std::move(fd), !S_ISREG(info.st_mode), stop);
}

std::size_t InputFile::read_some(std::span<std::byte> out) {
  for (;;) {
    if (stop_->asked() || error_) return 0;
    if (may_block_ && !stop_->wait_for(fd_.get(), POLLIN)) continue;
    const ssize_t n = ::read(fd_.get(), out.data(), out.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR && errno != EAGAIN) error_ = last_error();
  }
}

bool InputFile::fill() {
  if (at_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
    end_ -= at_;
    at_ = 0;
  }
  if (buffer_.size() < end_ + piece) buffer_.resize(std::max(end_ + piece, buffer_.size() * 2));
  const std::size_t n = read_some(std::span(buffer_).subspan(end_));
  end_ += n;
  return n > 0;
}

std::size_t InputFile::read(std::span<std::byte> out) {
  std::size_t n = std::min(out.size(), end_ - at_);
  if (n > 0) {
    std::memcpy(out.data(), buffer_.data() + at_, n);
    at_ += n;
  } else {
    n = read_some(out);
  }
  offset_ += n;
  return n;
}

}  // namespace dlt::tools
