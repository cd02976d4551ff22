#include "dlt/proto/recording.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <optional>

#include "dlt/proto/framer.hpp"

namespace dlt::proto {

namespace recorder {

Header decode_header(Bytes bytes) noexcept {
  ByteReader in(bytes);
  Header h;
  h.magic = as_text(in.take(magic.size())) == magic;
  for (auto* v : {&h.version, &h.pid, &h.segment_size, &h.segments, &h.rings, &h.used}) *v = in.u32_le();
  h.most_messages = in.u64_le();
  h.missed = in.u64_le();
  h.app = in.id<AppId>();
  return h;
}

Segment decode_segment(Bytes bytes) noexcept {
  ByteReader in(bytes);
  return {in.u32_le(), in.u32_le(), in.u32_le(), in.u32_le()};
}

}  // namespace recorder

namespace {

constexpr std::int64_t no_age = -1;
constexpr std::uint32_t ahead = 100'000;  // 0.1 ms: a stamp may be so much later than `now`

// What is read after this is read after what was read before.
void in_this_order() noexcept { std::atomic_thread_fence(std::memory_order_acquire); }

std::optional<recorder::Segment> segment_at(const Recording::Read& read, std::uint64_t at) {
  std::array<std::byte, 16> bytes{};
  if (!read(at, bytes)) return std::nullopt;
  return recorder::decode_segment(bytes);
}

// Of a frame that is whole; `before` where it has no stamp.
std::int64_t age_of(Bytes frame, std::uint32_t now, std::int64_t before) noexcept {
  const auto h = std::to_integer<std::uint8_t>(frame[0]);
  if ((h & htyp::with_timestamp) == 0) return before == no_age ? 0 : before;
  std::size_t at = standard_header_size;
  if ((h & htyp::with_ecu) != 0) at += 4;
  if ((h & htyp::with_session) != 0) at += 4;
  const std::uint32_t age = now - load_be<std::uint32_t>(frame.data() + at);
  return age > ~ahead ? 0 : age;
}

}  // namespace

Result<Recording> Recording::read(const Read& read, std::uint64_t size, std::uint32_t now, std::uint64_t limit) {
  Recording r;
  std::array<std::byte, recorder::header_size> head{};
  if (size < recorder::first_ring || !read(0, head)) return Errc::truncated;
  r.header_ = recorder::decode_header(head);
  if (!r.header_makes_sense(size)) return Errc::invalid_argument;
  const std::uint64_t share = limit / std::max(1U, r.header_.used);
  for (std::uint32_t ring = 0; ring < r.header_.used; ++ring)
    if (!r.read_ring(read, ring, share, now)) return Errc::truncated;
  std::stable_sort(r.entries_.begin(), r.entries_.end(), [](const Entry& a, const Entry& b) { return a.age > b.age; });
  if (r.header_.most_messages != 0) r.keep_newest(r.header_.most_messages);
  return r;
}

bool Recording::header_makes_sense(std::uint64_t size) const noexcept {
  const auto& h = header_;
  if (!h.magic || h.version != recorder::version) return false;
  if (h.segments < 2 || h.segments > recorder::max_segments) return false;
  if (h.segment_size <= recorder::segment_header_size || h.segment_size > recorder::max_segment) return false;
  if (h.rings > recorder::max_rings || h.used > h.rings) return false;
  return recorder::ring_at(h, h.rings) <= size;
}

bool Recording::read_ring(const Read& read, std::uint32_t ring, std::uint64_t share, std::uint32_t now) {
  struct Found {
    std::uint64_t at;
    recorder::Segment segment;
  };
  std::map<std::uint32_t, Found> found;
  for (std::uint32_t i = 0; i < header_.segments; ++i) {
    const std::uint64_t at = recorder::ring_at(header_, ring) + std::uint64_t{i} * header_.segment_size;
    // The number first: with a number that is new, `bytes` is not the old segment's any more.
    const auto number = segment_at(read, at);
    in_this_order();
    const auto segment = segment_at(read, at);
    if (!number || !segment) return false;
    recorder::Segment s = *segment;
    s.number = number->number;
    if (s.number == 0 || s.bytes == 0) continue;
    if (s.bytes > header_.segment_size - recorder::segment_header_size || !found.try_emplace(s.number, at, s).second)
      ++broken_;
  }
  // The newest first: they have the longest time before they are overwritten, and the share is theirs.
  std::vector<Copied> copied;
  std::uint64_t taken = 0;
  for (auto i = found.rbegin(); i != found.rend(); ++i) {
    const auto& [at, segment] = i->second;
    taken += segment.bytes;
    if (taken > share) ++left_out_;
    else if (!read_segment(read, at, segment, copied)) return false;
  }
  std::int64_t age = no_age;
  for (auto i = copied.rbegin(); i != copied.rend(); ++i) cut(*i, now, age);
  return true;
}

// Appends its frames to bytes_, or nothing if it was overwritten meanwhile.
bool Recording::read_segment(const Read& read, std::uint64_t at, const recorder::Segment& segment,
                             std::vector<Copied>& copied) {
  const std::uint64_t from = bytes_.size();
  bytes_.resize(from + segment.bytes);
  in_this_order();
  if (!read(at + recorder::segment_header_size, std::span(bytes_).subspan(from))) return false;
  in_this_order();
  const auto again = segment_at(read, at);
  if (!again) return false;
  if (again->number == segment.number) {
    copied.push_back({from, bytes_.size(), segment.buffer});
    return true;
  }
  bytes_.resize(from);
  ++overwritten_;
  return true;
}

// `age`: of the frame before, in this ring.
void Recording::cut(const Copied& segment, std::uint32_t now, std::int64_t& age) {
  for (std::uint64_t at = segment.from; at < segment.to;) {
    const Bytes rest = Bytes(bytes_).subspan(at, segment.to - at);
    const std::size_t size = whole_frame(rest);
    if (size == 0) {
      ++broken_;
      return;
    }
    const std::int64_t own = age_of(rest.first(size), now, age);
    age = age == no_age ? own : std::min(age, own);
    entries_.push_back({at, age, static_cast<std::uint32_t>(size), segment.buffer});
    at += size;
  }
}

void Recording::keep_newest(std::uint64_t messages) {
  std::map<std::uint32_t, std::uint64_t> kept;
  const auto too_many = [&](const Entry& e) { return ++kept[e.buffer] > messages; };
  std::reverse(entries_.begin(), entries_.end());
  std::erase_if(entries_, too_many);
  std::reverse(entries_.begin(), entries_.end());
}

}  // namespace dlt::proto
