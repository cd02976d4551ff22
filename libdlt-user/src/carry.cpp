#include "carry.hpp"

#include <limits>

namespace dlt::detail {

void Carry::hold(Wire wire, const proto::local::Batch& where, proto::Bytes frames, std::size_t written) {
  where_ = where;
  frames_.assign(frames.begin(), frames.end());
  resume(wire);
  at_ = written;
}

void Carry::resume(Wire wire) {
  wire_ = wire;
  image_ = wire_image(wire, where_, frames_);
  at_ = 0;
}

// The frames that end within the first `wire_bytes` of the image.
Carry::Done Carry::count(std::size_t wire_bytes) const noexcept {
  Done done;
  const std::size_t before_each = wire_ == Wire::single_frames ? proto::local::header_size : 0;
  std::size_t end = wire_ == Wire::batches ? proto::local::Batch::size : 0;
  proto::Bytes rest = frames_;
  while (const std::size_t n = frame_length(rest)) {
    end += before_each + n;
    if (end > wire_bytes) break;
    done.frames += 1;
    done.bytes += n;
    rest = rest.subspan(n);
  }
  return done;
}

Carry::Done Carry::interrupt() {
  const Done done = count(at_);
  frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(done.bytes));
  where_.offset += static_cast<std::uint32_t>(done.bytes);
  image_.clear();
  at_ = 0;
  return done;
}

Carry::Done Carry::advance(std::size_t n) {
  at_ += n;
  return at_ < image_.size() ? Done{} : drop();
}

Carry::Done Carry::drop() {
  const Done all = count(std::numeric_limits<std::size_t>::max());
  frames_.clear();
  image_.clear();
  at_ = 0;
  return all;
}

}  // namespace dlt::detail
