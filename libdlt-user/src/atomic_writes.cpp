#include "atomic_writes.hpp"

#include <cassert>

#include "batch.hpp"

namespace dlt::detail {

namespace local = proto::local;

namespace {

// Of the message at the front. The bytes are our own.
std::size_t size_of(proto::Bytes messages) noexcept {
  assert(messages.size() >= local::header_size && "pieces consist of whole messages");
  const auto type = static_cast<local::Type>(proto::load_le<std::uint32_t>(messages.data() + local::magic.size()));
  if (type == local::Type::log) return local::header_size + frame_length(messages.subspan(local::header_size));
  std::size_t used = 0;
  const auto message = local::decode(messages, used);
  assert(message && "pieces consist of whole messages");
  return message ? used : messages.size();
}

}  // namespace

proto::Bytes AtomicWrites::rest() const noexcept {
  return proto::Bytes(static_cast<const std::byte*>(pieces_.front().iov_base), pieces_.front().iov_len).subspan(at_);
}

// To the next message that may go.
void AtomicWrites::pass_over() noexcept {
  for (; !pieces_.empty(); pieces_ = pieces_.subspan(1), at_ = 0) {
    for (proto::Bytes left = rest(); !left.empty(); left = rest()) {
      const std::size_t n = size_of(left);
      if (n <= longest) return;
      at_ += n;
      moved_ += n;
      ++passed_over_;
    }
  }
}

std::span<const iovec> AtomicWrites::next() noexcept {
  moved_ += bytes_;
  bytes_ = 0;
  pass_over();
  std::size_t count = 0;
  while (!pieces_.empty() && count < max_pieces) {
    const proto::Bytes left = rest();
    std::size_t taken = 0;
    while (taken < left.size()) {
      const std::size_t n = size_of(left.subspan(taken));
      if (bytes_ + taken + n > longest) break;
      taken += n;
    }
    if (taken != 0) write_[count++] = {const_cast<std::byte*>(left.data()), taken};
    bytes_ += taken;
    at_ += taken;
    if (taken != left.size()) break;
    pieces_ = pieces_.subspan(1);
    at_ = 0;
  }
  return std::span(write_).first(count);
}

Oversized oversized(proto::Bytes frames) noexcept {
  Oversized all;
  while (const std::size_t n = frame_length(frames)) {
    if (n > AtomicWrites::longest_frame) {
      all.frames += 1;
      all.bytes += n;
    }
    frames = frames.subspan(n);
  }
  return all;
}

}  // namespace dlt::detail
