#include "dlt/proto/fifo_framer.hpp"

#include <algorithm>

namespace dlt::proto::local {

namespace {

// Is there a "DUH\1", or the beginning of one and then the end of what is there? Nothing at all counts as well.
bool magic_or_end(Bytes bytes, std::size_t at) noexcept {
  return magic.starts_with(as_text(bytes.subspan(at)).substr(0, magic.size()));
}

bool magic_at(Bytes bytes, std::size_t at) noexcept { return as_text(bytes).substr(at, magic.size()) == magic; }

std::size_t find_magic(Bytes bytes, std::size_t from, std::size_t to) noexcept {
  const std::string_view text = as_text(bytes).substr(0, to);
  for (std::size_t at = text.find(magic.front(), from); at != std::string_view::npos;
       at = text.find(magic.front(), at + 1))
    if (magic_or_end(bytes, at)) return at;
  return text.size();
}

bool from_applications(Type type) noexcept {
  switch (type) {
    case Type::log:
    case Type::register_application:
    case Type::unregister_application:
    case Type::register_context:
    case Type::unregister_context:
    case Type::overflow:
    case Type::application_limits:
    case Type::log_mode:
    case Type::marker: return true;
    case Type::log_level:
    case Type::injection:
    case Type::log_shm:
    case Type::log_state:
    case Type::trace_load:
    case Type::hello:
    case Type::batch:
    case Type::memfd:
    case Type::loss:
    case Type::statistics:
    case Type::overflow_mode:
    case Type::bye:
    case Type::ack:
    case Type::recorder:
    case Type::snapshot_request:
    case Type::snapshot_answer: return false;
  }
  return false;
}

}  // namespace

FifoFramer::Measure FifoFramer::measure(Bytes rest) noexcept {
  if (!magic_or_end(rest, 0)) return {Extent::broken};
  if (rest.size() < header_size) return {Extent::pending};
  const auto type = static_cast<Type>(load_le<std::uint32_t>(rest.data() + magic.size()));
  if (!from_applications(type)) return {Extent::broken};
  if (type != Type::log) {
    std::size_t used = 0;
    const auto message = decode(rest, used);
    if (message) return {Extent::whole, used};
    return {message.error() == Errc::truncated ? Extent::pending : Extent::broken};
  }
  if (rest.size() < header_size + standard_header_size) return {Extent::pending};
  if (!good_frame(rest.data() + header_size)) return {Extent::broken};
  const std::size_t n = log_size(rest);
  return {n <= rest.size() ? Extent::whole : Extent::pending, n, true};
}

// Over whole messages, each of which ends where the next begins or where there is nothing, until one ends at `to` or
// beyond.
FifoFramer::Walk FifoFramer::walk(Bytes bytes, std::size_t from, std::size_t to) noexcept {
  Walk w{Walk::End::reached, 0, from};
  while (w.end < to && w.end < bytes.size()) {
    if (w.whole == proof) return w.how = Walk::End::proven, w;
    const Measure m = measure(bytes.subspan(w.end));
    if (m.extent != Extent::whole) {
      w.how = m.extent == Extent::pending ? Walk::End::pending : Walk::End::broken;
      return w;
    }
    if (!magic_or_end(bytes, w.end + m.size)) return w.how = Walk::End::broken, w;
    w.end += m.size;
    ++w.whole;
  }
  return w;
}

FifoFramer::Piece FifoFramer::next(Bytes rest, bool drained, std::size_t looked) noexcept {
  const Measure m = measure(rest);
  const Kind kind = m.log ? Kind::frame : Kind::message;
  switch (m.extent) {
    case Extent::broken: return {Kind::garbage, find_magic(rest, magic_at(rest, 0) ? magic.size() : 1, rest.size())};
    case Extent::pending: return unfinished(rest, drained, looked);
    case Extent::whole: break;
  }
  if (!magic_or_end(rest, m.size)) return followed_by_something_else(rest, m, drained);
  if (m.size <= atomic_write) return {kind, m.size};
  const std::size_t tear = torn_by_the_kernel(rest, m.size);
  return tear != 0 ? Piece{Kind::garbage, tear} : Piece{kind, m.size};
}

// Page cuts: a write that does not fit a whole number of pages begins with the rest, which may find room in a page that
// is there already; after that it takes page by page.
std::size_t FifoFramer::torn_by_the_kernel(Bytes rest, std::size_t size) noexcept {
  for (const std::size_t first : {size % atomic_write, atomic_write})
    for (std::size_t at = first; at < size; at += atomic_write) {
      if (at < magic.size() || !magic_at(rest, at)) continue;
      const Walk w = walk(rest, at, size);
      if (w.how == Walk::End::proven || (w.how == Walk::End::reached && w.end == size)) return at;
    }
  return 0;
}

// Either it is torn and its neighbours are inside (some of which may be torn as well), or rubbish stands behind it.
FifoFramer::Piece FifoFramer::followed_by_something_else(Bytes rest, Measure m, bool drained) noexcept {
  for (std::size_t at = find_magic(rest, magic.size(), m.size); at < m.size; at = find_magic(rest, at + 1, m.size)) {
    const Walk w = walk(rest, at, m.size + 1);
    if (w.whole > 0) return {Kind::garbage, at};
    if (w.how == Walk::End::pending) return drained ? Piece{Kind::garbage, at} : Piece{Kind::wait};
  }
  return {m.log ? Kind::frame : Kind::message, m.size};
}

// While more is to be read, that decides. Otherwise a writer that does not wait has left it so; one that does, whatever
// it is, goes on.
FifoFramer::Piece FifoFramer::unfinished(Bytes rest, bool drained, std::size_t looked) noexcept {
  if (!drained) return {Kind::wait};
  const std::size_t from = std::max(magic.size(), looked - std::min(looked, magic.size() - 1));
  for (std::size_t at = find_magic(rest, from, rest.size()); at < rest.size();
       at = find_magic(rest, at + 1, rest.size())) {
    const Walk w = walk(rest, at, rest.size());
    if (w.whole > 0) return {Kind::garbage, at};
  }
  return {Kind::wait};
}

}  // namespace dlt::proto::local
