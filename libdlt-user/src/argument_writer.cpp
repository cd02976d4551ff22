#include <algorithm>

#include "dlt/encode.hpp"

namespace dlt {

namespace {

constexpr std::string_view cut_mark = "... <<Message truncated, too long>>";  // as the incumbent marks it

// The longest prefix of at most `room` bytes that does not end inside a UTF-8 character.
std::size_t whole_characters(std::string_view text, std::size_t room) noexcept {
  if (room >= text.size()) return text.size();
  while (room > 0 && (static_cast<unsigned char>(text[room]) & 0xc0) == 0x80) --room;
  return room;
}

}  // namespace

void ArgumentWriter::text(std::string_view value) noexcept {
  if (overflowed_) return;
  const auto room = static_cast<std::size_t>(end_ - at_);
  if (value.size() <= detail::max_text && room >= detail::text_overhead + value.size()) {
    if (std::byte* p = claim(detail::text_overhead + value.size())) detail::put_text(p, value);
    return;
  }
  overflowed_ = true;
  if (!cut_ || room < detail::text_overhead + cut_mark.size() || count_ == 255) return;
  const std::size_t kept = whole_characters(
      value, std::min(room - detail::text_overhead - cut_mark.size(), detail::max_text - cut_mark.size()));
  std::byte* p = at_;
  at_ += detail::text_overhead + kept + cut_mark.size();
  ++count_;
  p = detail::store(p, detail::ti::string | detail::ti::utf8);
  p = detail::store(p, static_cast<std::uint16_t>(kept + cut_mark.size() + 1));
  std::memcpy(p, value.data(), kept);
  std::memcpy(p + kept, cut_mark.data(), cut_mark.size());
  p[kept + cut_mark.size()] = std::byte{0};
}

void ArgumentWriter::key(std::string_view key) noexcept {
  std::size_t size = key.size() + 1;
  for (const auto* p = path_; p != nullptr; p = p->outer) size += p->key.size() + 1;
  if (size > detail::max_text) size = detail::max_text + 1;  // more than any message has room for
  std::byte* p = claim(detail::text_overhead + size);
  if (p == nullptr) return;
  p = detail::store(p, detail::ti::string | detail::ti::utf8);
  p = detail::store(p, static_cast<std::uint16_t>(size + 1));
  std::byte* at = p + size - 1;           // written from its end
  detail::store(at, std::uint16_t{'='});  // and the NUL
  const auto put = [&at](std::string_view part) {
    at -= part.size();
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
  };
  put(key);
  for (const auto* outer = path_; outer != nullptr; outer = outer->outer) {
    put(".");
    put(outer->key);
  }
}

void ArgumentWriter::raw(std::span<const std::byte> value) noexcept {
  if (overflowed_) return;
  std::size_t size = std::min<std::size_t>(value.size(), 65'535);
  const auto room = static_cast<std::size_t>(end_ - at_);
  const bool cut = room < 6 + size;
  if (cut && (!cut_ || room < 6)) {
    overflowed_ = true;
    return;
  }
  size = cut ? room - 6 : size;
  if (std::byte* p = claim(6 + size)) detail::Form<detail::Raw>::put(p, detail::Raw{value.first(size)});
  overflowed_ = overflowed_ || cut;
}

}  // namespace dlt
