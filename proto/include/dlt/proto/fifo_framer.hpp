// Cuts the stream of the incumbent's FIFO, into which all applications write, into their messages.
//
//   ... | DUH log frame | DUH register | DUH log fra | DUH log frame | DUH overflow | ...
//         one writer      another        a torn one, of a third
//
// A length in such a stream must not be trusted alone: what one writer left unfinished would swallow its neighbours.
// The kernel says what can happen. A write of up to `atomic_write` bytes comes whole. A longer one by a writer that
// does not wait (libdlt is one) may end early, when the FIFO is full; then
//   - nothing stands behind it until somebody has read: the tear is where a read found the FIFO empty, or
//   - it ended before its first whole page, and a short write of another has found room in the page that was begun.
// So a message is whole when its end is followed by the next "DUH\1" or by nothing, unless it is longer than
// `atomic_write` and at a place where the kernel ends writes early (page_cuts) messages begin that lead exactly to its
// end. When it is followed by something else, or does not go on where a read found the FIFO empty, the next message is
// looked for inside it: a "DUH\1" with a whole message behind it that ends where another one begins. A "DUH\1" within a
// payload tears nothing as long as nobody tears or writes rubbish beside it. What is torn is reported as garbage by its
// size; it costs nobody else anything.
//
// Every byte is looked at a bounded number of times: from each "DUH\1" that is found at most `proof` messages are
// walked over, by their headers.
//
// Only what an application of the incumbent sends is taken (types 1 to 5, 8, 9, 11, 13); the rest is garbage. Used like
// LocalFramer: what consume() has not used is to be shown again, in front of what comes next. Pure; one stream per
// object, one thread at a time.
#pragma once

#include "dlt/proto/header.hpp"
#include "dlt/proto/local.hpp"

namespace dlt::proto::local {

// What a handler must offer:
//   void frame(Bytes whole_frame, std::size_t headers);   as for LocalFramer
//   void message(Bytes whole, const Message& message);    everything but Log: the bytes, and what they say
//   void garbage(std::size_t bytes);
class FifoFramer {
 public:
  static constexpr std::size_t max_carry = header_size + 64 + max_body_size;
  static constexpr std::size_t atomic_write = 4096;  // PIPE_BUF of Linux
  static constexpr std::size_t proof = 4;            // so many messages in a row are no accident

  // `drained`: the FIFO had nothing behind these bytes when they were read.
  template <class Handler>
  [[nodiscard]] std::size_t consume(Bytes bytes, bool drained, Handler& handler) {
    std::size_t at = 0;
    if (ends_at_boundary(bytes)) {
      handler.garbage(boundary_);
      at = boundary_;
    }
    while (at < bytes.size()) {
      const Bytes rest = bytes.subspan(at);
      const Piece piece = plain(rest) ? Piece{Kind::frame, log_size(rest)} : next(rest, drained, at == 0 ? looked_ : 0);
      if (piece.kind == Kind::wait) break;
      hand_out(rest.first(piece.size), piece.kind, handler);
      at += piece.size;
    }
    const std::size_t left = bytes.size() - at;
    boundary_ = looked_ = drained ? left : 0;
    return at;
  }

 private:
  enum class Kind : std::uint8_t { frame, message, garbage, wait };
  struct Piece {
    Kind kind;
    std::size_t size = 0;
  };
  enum class Extent : std::uint8_t { whole, pending, broken };
  struct Measure {
    Extent extent;
    std::size_t size = 0;  // when whole
    bool log = false;
  };
  // Messages in a row.
  struct Walk {
    enum class End : std::uint8_t { reached, pending, broken, proven } how;
    std::size_t whole = 0;
    std::size_t end = 0;  // of the last whole one
  };

  static constexpr std::uint64_t log_header = 0x0000000101485544;  // "DUH\1", type 1, as one little-endian number
  static constexpr std::uint32_t magic_number = 0x01485544;

  // The usual case, to be fast: a log message that the kernel kept whole, with the next message or nothing behind it.
  static bool plain(Bytes rest) noexcept {
    if (rest.size() < header_size + standard_header_size || load_le<std::uint64_t>(rest.data()) != log_header)
      return false;
    const std::size_t n = log_size(rest);
    if (n > rest.size() || n > atomic_write || !good_frame(rest.data() + header_size)) return false;
    return n == rest.size() || (n + 4 <= rest.size() && load_le<std::uint32_t>(rest.data() + n) == magic_number);
  }
  static std::size_t log_size(Bytes rest) noexcept {
    return header_size + load_be<std::uint16_t>(rest.data() + header_size + 2);
  }
  static bool good_frame(const std::byte* frame) noexcept {
    const auto h = static_cast<std::uint8_t>(*frame);
    return (h & htyp::version_mask) == htyp::version_1 && load_be<std::uint16_t>(frame + 2) >= headers_size(h);
  }

  template <class Handler>
  static void hand_out(Bytes piece, Kind kind, Handler& handler) {
    std::size_t used = 0;
    switch (kind) {
      case Kind::frame:
        return handler.frame(piece.subspan(header_size), headers_size(static_cast<std::uint8_t>(piece[header_size])));
      case Kind::message: return handler.message(piece, *decode(piece, used));
      case Kind::garbage: return handler.garbage(piece.size());
      case Kind::wait: return;
    }
  }

  // What stood at the front has not gone on where it stopped: there, another message begins.
  [[nodiscard]] bool ends_at_boundary(Bytes bytes) const noexcept {
    return boundary_ != 0 && bytes.size() >= boundary_ + 4 &&
           load_le<std::uint32_t>(bytes.data() + boundary_) == magic_number;
  }
  [[nodiscard]] static Piece next(Bytes rest, bool drained, std::size_t looked) noexcept;
  [[nodiscard]] static Piece unfinished(Bytes rest, bool drained, std::size_t looked) noexcept;
  [[nodiscard]] static std::size_t torn_by_the_kernel(Bytes rest, std::size_t size) noexcept;
  [[nodiscard]] static Piece followed_by_something_else(Bytes rest, Measure m, bool drained) noexcept;
  [[nodiscard]] static Measure measure(Bytes rest) noexcept;
  [[nodiscard]] static Walk walk(Bytes bytes, std::size_t from, std::size_t to) noexcept;

  std::size_t boundary_ = 0;  // the carried bytes are so many, and there was nothing behind them
  std::size_t looked_ = 0;    // of the carried bytes: no message begins inside these
};

}  // namespace dlt::proto::local
