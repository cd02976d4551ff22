// Cuts the byte stream of one application connection into local messages and DLT frames, without copying.
//
//   ... | DUH batch 24 bytes | frame frame frame ... | DUH log | frame | DUH register_context ... | rubbish | DUH ...
//
// The owner shows the bytes that it has; consume() reports what is whole and tells how much is finished with. What is
// left (a message or frame that is cut at the end) must be shown again, at the front of the next call, with more behind
// it; it is never longer than `max_carry`. A batch is not waited for as a whole: its frames are handed out as they
// come.
//
// Rubbish is skipped up to the next "DUH\1" and reported by its size. Each frame has been checked: version 1, and a
// length that covers the headers it announces. Pure; one stream per object, one thread at a time.
#pragma once

#include <array>
#include <cstring>

#include "dlt/proto/header.hpp"
#include "dlt/proto/local.hpp"

namespace dlt::proto::local {

// What a handler must offer:
//   void frame(Bytes whole_frame, std::size_t headers);   the ids, if there is an extended header, are the last 8 of
//   `headers` void message(const Message& message);                 everything but Log; views live during the call only
//   void garbage(std::size_t bytes);
class LocalFramer {
 public:
  static constexpr std::size_t max_carry = header_size + 64 + max_body_size;

  template <class Handler>
  [[nodiscard]] std::size_t consume(Bytes bytes, Handler& handler) {
    used_ = 0;
    while (used_ < bytes.size()) {
      const Bytes rest = bytes.subspan(used_);
      const std::size_t used = batch_left_ > 0  ? in_batch(rest, handler)
                               : skip_left_ > 0 ? skip(rest, handler)
                                                : one_message(rest, handler);
      if (used == 0) break;
      used_ += used;
    }
    return used_;
  }

  // What the last consume() was finished with when the handler's message() threw: that message is the next.
  [[nodiscard]] std::size_t used() const noexcept { return used_; }

  // Bytes of the current batch that have not been used.
  [[nodiscard]] std::size_t batch_left() const noexcept { return batch_left_; }

 private:
  static constexpr std::uint64_t log_header = 0x0000000101485544;  // "DUH\1", type 1, as one little-endian number

  static constexpr std::array<std::uint8_t, 256> headers_of = [] {
    std::array<std::uint8_t, 256> t{};  // 0: not a version that is spoken here
    for (unsigned h = 0; h < 256; ++h)
      if ((h & htyp::version_mask) == htyp::version_1)
        t[h] = static_cast<std::uint8_t>(headers_size(static_cast<std::uint8_t>(h)));
    return t;
  }();

  enum class Verdict : std::uint8_t { whole, cut, broken };
  struct Frame {
    Verdict verdict;
    std::size_t length;
    std::size_t headers;
  };
  static Frame look(const std::byte* p, std::size_t available) noexcept {
    if (available < standard_header_size) return {Verdict::cut, 0, 0};
    const std::size_t length = load_be<std::uint16_t>(p + 2);
    const std::size_t headers = headers_of[static_cast<std::uint8_t>(*p)];
    if (headers == 0 || length < headers) return {Verdict::broken, 0, 0};
    return {length <= available ? Verdict::whole : Verdict::cut, length, headers};
  }

  template <class Handler>
  std::size_t in_batch(Bytes rest, Handler& handler) {
    const std::byte* const begin = rest.data();
    const std::size_t available = rest.size() < batch_left_ ? rest.size() : batch_left_;
    const bool ends_here = available == batch_left_;
    const std::byte* p = begin;
    const std::byte* const end = begin + available;
    while (p != end) {
      const Frame f = look(p, static_cast<std::size_t>(end - p));
      if (f.verdict == Verdict::whole) [[likely]] {
        handler.frame(Bytes(p, f.length), f.headers);
        p += f.length;
        continue;
      }
      const auto done = static_cast<std::size_t>(p - begin);
      // A frame that cannot end within its batch is broken as well: batches hold whole frames.
      if (f.verdict == Verdict::broken || ends_here || f.length > batch_left_ - done) {
        skip_left_ = batch_left_ - done;
        batch_left_ = 0;
        return done + skip(rest.subspan(done), handler);
      }
      batch_left_ -= done;
      return done;
    }
    batch_left_ -= available;
    return available;
  }

  template <class Handler>
  std::size_t skip(Bytes rest, Handler& handler) {
    const std::size_t n = rest.size() < skip_left_ ? rest.size() : skip_left_;
    skip_left_ -= n;
    handler.garbage(n);
    return n;
  }

  template <class Handler>
  std::size_t one_message(Bytes rest, Handler& handler) {
    if (rest.size() < header_size)
      return magic.starts_with(as_text(rest.first(rest.size() < 4 ? rest.size() : 4))) ? 0 : resync(rest, 0, handler);
    if (load_le<std::uint64_t>(rest.data()) == log_header) [[likely]]
      return one_log(rest, handler);
    std::size_t used = 0;
    const auto message = decode(rest, used);
    if (message) {
      handler.message(*message);
      if (const auto* batch = std::get_if<Batch>(&*message)) batch_left_ = batch->length;
      return used;
    }
    return message.error() == Errc::truncated ? 0 : resync(rest, message.error() == Errc::bad_magic ? 0 : 4, handler);
  }

  template <class Handler>
  std::size_t one_log(Bytes rest, Handler& handler) {
    const Frame f = look(rest.data() + header_size, rest.size() - header_size);
    if (f.verdict == Verdict::cut) return 0;
    if (f.verdict == Verdict::broken) return resync(rest, 4, handler);
    handler.frame(rest.subspan(header_size, f.length), f.headers);
    return header_size + f.length;
  }

  // Skips `bad` bytes at least, then up to what may be the beginning of a message.
  template <class Handler>
  std::size_t resync(Bytes rest, std::size_t bad, Handler& handler) {
    const std::size_t found = find_magic(rest, bad == 0 ? 1 : bad);
    handler.garbage(found);
    return found;
  }
  // The position of the first whole or, at the end, begun magic.
  [[nodiscard]] static std::size_t find_magic(Bytes bytes, std::size_t from) noexcept;

  std::size_t used_ = 0;        // of the present call's bytes
  std::size_t batch_left_ = 0;  // bytes of the current batch that are not finished with
  std::size_t skip_left_ = 0;   // bytes of a batch that turned out broken
};

}  // namespace dlt::proto::local
