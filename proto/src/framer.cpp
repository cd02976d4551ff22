#include "dlt/proto/framer.hpp"

#include <algorithm>

namespace dlt::proto {

namespace {

constexpr std::string_view serial_magic{"DLS\x01", 4};
constexpr std::string_view storage_magic{"DLT\x01", 4};
constexpr std::size_t chain_length = 4;         // frames in a row that are believed
constexpr std::size_t search_step = 64 * 1024;  // bytes taken into the carry at a time while searching

// What stands at the front of some bytes.
struct Item {
  enum class Kind { frame, incomplete, nothing } kind = Kind::nothing;
  std::size_t before = 0;  // bytes of serial or storage header
  std::size_t size = 0;    // frame: bytes in all; incomplete: bytes that must be there before more can be said
};

// How many bytes stand in front of the frame: 0, 4 or 16.
std::size_t prelude(Bytes b) noexcept {
  const auto front = as_text(b.first(4));
  if (front == storage_magic) return storage_header_size;
  return front == serial_magic ? serial_magic.size() : 0;
}

Item look(Bytes b) noexcept {
  if (b.size() < standard_header_size) return {Item::Kind::incomplete, 0, standard_header_size};
  const std::size_t before = prelude(b);
  if (b.size() < before + standard_header_size) return {Item::Kind::incomplete, before, before + standard_header_size};
  const std::size_t length = load_be<std::uint16_t>(b.data() + before + 2);
  if (length < detail::minimum_frame[std::to_integer<std::uint8_t>(b[before])]) return {};
  return {b.size() < before + length ? Item::Kind::incomplete : Item::Kind::frame, before, before + length};
}

bool id_like(Bytes four) noexcept {
  return std::all_of(four.begin(), four.end(), [](std::byte b) {
    const auto c = std::to_integer<unsigned>(b);
    return c == 0 || (c >= 0x20 && c < 0x7f);
  });
}

// Whether the headers at the front look like somebody's: ids of printable characters, a message type that exists.
// Only asked while searching; a peer in sync may name itself as it likes. All of the headers must be there.
bool believable(Bytes frame) noexcept {
  const auto h = std::to_integer<std::uint8_t>(frame[0]);
  if ((h & htyp::with_ecu) != 0 && !id_like(frame.subspan(standard_header_size, 4))) return false;
  if ((h & htyp::extended_header) == 0) return true;
  const Bytes extended = frame.subspan(headers_size(h) - extended_header_size, extended_header_size);
  return msin::type(std::to_integer<std::uint8_t>(extended[0])) <= MessageType::control &&
         id_like(extended.subspan(2, 4)) && id_like(extended.subspan(6, 4));
}

bool may_begin(std::byte b) noexcept {
  const auto v = std::to_integer<std::uint8_t>(b);
  return (v & htyp::version_mask) == htyp::version_1 || v == static_cast<std::uint8_t>(serial_magic.front());
}

}  // namespace

Bytes Framer::window() const noexcept { return carrying() ? Bytes(carry_).subspan(carry_at_) : input_.subspan(at_); }

void Framer::consume(std::size_t n) noexcept { (carrying() ? carry_at_ : at_) += n; }

std::optional<Framer::Frame> Framer::next_slowly() {
  if (!carrying()) {
    carry_.clear();
    carry_at_ = 0;
  }
  for (;;) {
    if (!discard() || (!in_sync_ && !resync())) return std::nullopt;
    const Bytes w = window();
    const Item item = look(w);
    if (item.kind == Item::Kind::nothing) {
      lose_sync();
    } else if (item.size > item.before + max_frame_) {
      ++oversized_frames_;
      discard_ = item.size;
    } else if (item.kind == Item::Kind::frame) {
      const bool carried = carrying();
      consume(item.size);
      const Bytes storage = item.before == storage_header_size ? w.first(storage_header_size) : Bytes{};
      return Frame{w.subspan(item.before, item.size - item.before), storage, carried};
    } else if (!top_up(item.size - w.size())) {
      return std::nullopt;
    }
  }
}

// Drops what is left of an oversized frame; false while more of it is to come.
bool Framer::discard() noexcept {
  while (discard_ > 0) {
    const std::size_t n = std::min(discard_, window().size());
    if (n == 0) return false;
    consume(n);
    discard_ -= n;
    skipped_bytes_ += n;
  }
  return true;
}

// Brings up to n more bytes into the window, which from then on is the carry; false if nothing is left to bring.
bool Framer::top_up(std::size_t n) {
  if (!carrying()) {
    carry_.assign(input_.begin() + static_cast<std::ptrdiff_t>(at_), input_.end());
    carry_at_ = 0;
    at_ = input_.size();
    return false;
  }
  const Bytes more = input_.subspan(at_, std::min(n, input_.size() - at_));
  if (carry_at_ > 0) {
    carry_.erase(carry_.begin(), carry_.begin() + static_cast<std::ptrdiff_t>(carry_at_));
    carry_at_ = 0;
  }
  carry_.insert(carry_.end(), more.begin(), more.end());
  at_ += more.size();
  return !more.empty();
}

void Framer::lose_sync() noexcept {
  in_sync_ = false;
  ++resyncs_;
  candidate_count_ = 0;
  searched_ = 1;  // what stands at the front is known to be no frame
}

// Searches window after window; false when the bytes are used up without success.
bool Framer::resync() {
  for (;;) {
    const Bytes w = window();
    const auto found = search(w);
    const std::size_t drop = found ? *found : first_candidate(w.size());
    const bool was_carrying = carrying();
    consume(drop);
    skipped_bytes_ += drop;
    if (found) {
      in_sync_ = true;
      return true;
    }
    searched_ -= drop;
    for (std::size_t i = 0; i < candidate_count_; ++i) {
      candidates_[i].at -= drop;
      candidates_[i].needs -= drop;
    }
    if (was_carrying && !carrying()) {
      carry_.clear();
      carry_at_ = 0;
      if (at_ < input_.size()) continue;
      return false;
    }
    if (!top_up(search_step)) return false;
  }
}

std::optional<std::size_t> Framer::search(Bytes w) noexcept {
  std::optional<std::size_t> found;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidate_count_; ++i) {
    Candidate c = candidates_[i];
    const Verdict v = c.needs <= w.size() ? judge(w, c.at, c.needs) : Verdict::open;
    if (v == Verdict::frames) found = std::min(found.value_or(c.at), c.at);
    if (v == Verdict::open) candidates_[kept++] = c;
  }
  candidate_count_ = kept;
  for (; !found && searched_ < w.size(); ++searched_) {
    if (!may_begin(w[searched_])) continue;
    Candidate c{searched_, 0};
    const Verdict v = judge(w, c.at, c.needs);
    if (v == Verdict::frames) found = c.at;
    if (v == Verdict::open) remember(c);
  }
  return found;
}

Framer::Verdict Framer::judge(Bytes w, std::size_t at, std::size_t& needs) const noexcept {
  for (std::size_t links = 0; links < chain_length; ++links) {
    if (at == w.size() && links > 0) return Verdict::frames;
    const Bytes rest = w.subspan(at);
    const Item item = look(rest);
    if (item.kind == Item::Kind::nothing || item.size > item.before + max_frame_) return Verdict::no_frames;
    needs = at + item.size;
    if (rest.size() < item.before + standard_header_size) return Verdict::open;
    if (item.before > 0) return Verdict::frames;
    const std::size_t headers = headers_size(std::to_integer<std::uint8_t>(rest[0]));
    if (rest.size() < headers) {
      needs = at + headers;
      return Verdict::open;
    }
    if (!believable(rest)) return Verdict::no_frames;
    if (item.kind == Item::Kind::incomplete) return Verdict::open;
    at += item.size;
  }
  return Verdict::frames;
}

// Keeps the candidates that are decided soonest: rubbish announces long frames more often than people write them.
void Framer::remember(Candidate c) noexcept {
  if (candidate_count_ < candidates_.size()) {
    candidates_[candidate_count_++] = c;
    return;
  }
  const auto last = std::max_element(candidates_.begin(), candidates_.end(),
                                     [](const Candidate& a, const Candidate& b) { return a.needs < b.needs; });
  if (c.needs < last->needs) *last = c;
}

std::size_t Framer::first_candidate(std::size_t otherwise) const noexcept {
  std::size_t first = otherwise;
  for (std::size_t i = 0; i < candidate_count_; ++i) first = std::min(first, candidates_[i].at);
  return first;
}

}  // namespace dlt::proto
