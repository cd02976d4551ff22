#include "session/outbox.hpp"

#include <algorithm>
#include <new>

#include "dlt/proto/header.hpp"

namespace dlt::daemon {

void Outbox::add(FrameSpan span, Kind kind) {
  entries_.emplace_back();
  try {
    if (kind == Kind::live && shares_.active()) shares_.add(span.source, span.size);
  } catch (const std::bad_alloc&) {
    entries_.pop_back();
    throw;
  }
  bytes_of(kind) += span.size;
  entries_.back() = {std::move(span), kind};
}

void Outbox::replay(const std::deque<FrameSpan>& spans) { add_all(spans, Kind::replayed); }
void Outbox::owe(const std::deque<FrameSpan>& spans) { add_all(spans, Kind::owed); }

void Outbox::add_all(const std::deque<FrameSpan>& spans, Kind kind) {
  const std::size_t before = entries_.size();
  try {
    for (const auto& span : spans) entries_.push_back({span, kind});
  } catch (const std::bad_alloc&) {
    while (entries_.size() > before) entries_.pop_back();
    throw;
  }
  for (const auto& span : spans) bytes_of(kind) += span.size;
}

void Outbox::push(const FrameSpan& span, Clock::time_point now) {
  if (hold_.admit(bytes_of(Kind::live), span.size, now)) {
    const bool first = bytes_of(Kind::live) == 0;
    add(span, Kind::live);
    if (first) settled_ = span.routed - std::min<std::uint64_t>(span.routed, span.size);
    return;
  }
  add_fairly(span);
  sent(0);  // with nothing left to send the dropping ends at once
}

void Outbox::add_fairly(const FrameSpan& span) {
  if (!shares_.active()) share_out();
  if (shares_.charged(span.source)) return drop(span);
  while (bytes_of(Kind::live) + span.size > limits_.high) {
    const auto payer = shares_.charge(span.source, span.size);
    if (payer == span.source || !take_back(payer)) return drop(span);
  }
  add(span, Kind::live);
}

void Outbox::share_out() {
  shares_.activate();
  std::size_t gone = front_sent_;
  for (const Entry& e : entries_) {
    if (e.kind == Kind::live) shares_.add(e.span.source, e.span.size - gone);
    gone = 0;
  }
}

// Drops the newest messages that came from there, until at most limits_.low are queued; false: there were none. Of
// the span that is being sent the present frame stays.
bool Outbox::take_back(Shares::Source from) {
  const std::size_t before = bytes_of(Kind::live);
  for (std::size_t i = entries_.size(); i-- > 0 && bytes_of(Kind::live) > limits_.low;) {
    FrameSpan& span = entries_[i].span;
    if (entries_[i].kind != Kind::live || span.source != from) continue;
    FrameSpan rest = span;
    span.size = 0;
    span.frames = 0;
    const std::size_t gone = i == 0 ? front_sent_ : 0;
    const std::size_t excess = bytes_of(Kind::live) - limits_.low;
    const std::size_t keep = rest.size > excess ? rest.size - excess : 0;
    while (span.size < rest.size) {
      const auto n = static_cast<std::uint32_t>(length_at(span.data + span.size));
      if (span.size >= gone && span.size + n > keep) break;
      span.size += n;
      ++span.frames;
    }
    rest.data += span.size;
    rest.size -= span.size;
    rest.frames -= span.frames;
    bytes_of(Kind::live) -= rest.size;
    shares_.remove(from, rest.size);
    if (rest.size != 0) drop(rest);
  }
  std::erase_if(entries_, [](const Entry& e) { return e.span.size == 0; });
  return bytes_of(Kind::live) < before;
}

void Outbox::drop(const FrameSpan& span) {
  if (span.own) return;
  dropped_.add(span);
  // A span's messages are mostly those of one application: counted in runs.
  AppId of_run;
  std::uint64_t run = 0;
  for (const std::byte* p = span.data; p != span.data + span.size; p += length_at(p)) {
    const std::byte* const frame = p + prefix_;
    const auto htyp = static_cast<std::uint8_t>(*frame);
    AppId app;
    if ((htyp & proto::htyp::extended_header) != 0) app = AppId::from_bytes(frame + proto::headers_size(htyp) - 8);
    if (run != 0 && app != of_run) count_dropped(of_run, std::exchange(run, 0));
    of_run = app;
    ++run;
  }
  count_dropped(of_run, run);
}

void Outbox::count_dropped(AppId app, std::uint64_t messages) {
  if (dropped_by_.size() >= max_applications && !dropped_by_.contains(app)) app = {};
  dropped_by_[app] += messages;
  dropping_[app] += messages;
}

void Outbox::reply(FrameSpan span) { add(std::move(span), Kind::reply); }

std::size_t Outbox::gather(std::span<iovec> out, std::size_t limit, std::size_t& bytes) const noexcept {
  std::size_t n = 0;
  std::size_t skip = front_sent_;
  bytes = 0;
  if (kept_ && kept_->full()) [[unlikely]]
    return 0;
  for (const Entry& e : entries_) {
    const std::size_t size = e.span.size - skip;
    if (n == out.size() || (n > 0 && bytes + size > limit)) break;
    out[n++] = {const_cast<std::byte*>(e.span.data + skip), size};
    bytes += size;
    skip = 0;
  }
  return n;
}

void Outbox::sent(std::size_t n) {
  while (n > 0) {
    const Entry& front = entries_.front();
    const std::size_t step = std::min(n, front.span.size - front_sent_);
    bytes_of(front.kind) -= step;
    if (front.kind == Kind::live && shares_.active()) shares_.remove(front.span.source, step);
    front_sent_ += step;
    n -= step;
    if (front_sent_ < front.span.size) break;
    if (!front.span.own) sent_.add(front.span);
    if (!front.span.own && front.kind == Kind::live) settled_ = front.span.routed;
    if (kept_) [[unlikely]]
      keep_front();
    entries_.pop_front();
    front_sent_ = 0;
  }
  // A time of dropping ends when everything has gone out, replies among it.
  const std::size_t left = bytes_of(Kind::live);
  if (!hold_.drained(left > 0 || entries_.empty() ? left : 1)) return;
  shares_.clear();
  for (const auto& [app, messages] : std::exchange(dropping_, {})) loss_to_tell_[app] += messages;
}

// The frames that have not gone out whole, when the first `gone` bytes have.
FrameSpan Outbox::rest_of(FrameSpan span, std::size_t gone) const noexcept {
  while (span.frames != 0) {
    const std::size_t n = length_at(span.data);
    if (gone < n) break;
    gone -= n;
    span.data += n;
    span.size -= static_cast<std::uint32_t>(n);
    --span.frames;
  }
  return span;
}

// Frames with a prefix between them are spans of their own.
template <class Act>
void Outbox::for_each_unprefixed(FrameSpan span, Act&& act) const {
  if (prefix_ == 0) return act(std::move(span));
  for (const std::byte* p = span.data; p != span.data + span.size; p += length_at(p)) {
    FrameSpan one = span;
    one.data = p + prefix_;
    one.size = static_cast<std::uint32_t>(frame_length(one.data));
    one.frames = 1;
    act(std::move(one));
  }
}

// What of the first entry has gone out whole is an entry that has been sent.
void Outbox::cut_front() noexcept {
  if (front_sent_ == 0) return;
  FrameSpan& front = entries_.front().span;
  FrameSpan gone = front;
  front = rest_of(front, front_sent_);
  gone.frames -= front.frames;
  gone.size -= front.size;
  front_sent_ -= gone.size;
  if (gone.frames == 0) return;
  if (!gone.own) sent_.add(gone);
  if (kept_ && unnumbered_ == 0) keep_sent(std::move(gone));
}

// Makes a frame that has begun to go out an entry of its own, the first one. False: there is none. Throws
// std::bad_alloc; then nothing has changed.
bool Outbox::part_front() {
  cut_front();
  if (front_sent_ == 0) return false;
  Entry rest = entries_.front();
  if (rest.span.frames == 1) return true;
  const auto n = static_cast<std::uint32_t>(length_at(rest.span.data));
  rest.span.data += n;
  rest.span.size -= n;
  --rest.span.frames;
  const std::size_t behind = rest.span.size - prefix_ * rest.span.frames;
  entries_.insert(entries_.begin() + 1, std::move(rest));
  FrameSpan& front = entries_.front().span;
  front.size = n;
  front.frames = 1;
  // Without prefixes, as the router counts: what is older than a link is known by that.
  front.routed -= std::min<std::uint64_t>(front.routed, behind);
  return true;
}

void Outbox::discard() {
  const bool begun = part_front();
  entries_.erase(entries_.begin() + (begun ? 1 : 0), entries_.end());
  bytes_ = {};
  if (begun) {
    // It comes again; nobody else is to have it from here.
    entries_.front().span.own = true;
    bytes_of(entries_.front().kind) = entries_.front().span.size - front_sent_;
  }
  hold_ = Hold(limits_);
  shares_.clear();
  dropped_ = {};
  for (Messages* m : {&dropped_by_, &dropping_, &loss_to_tell_}) m->clear();
}

void Outbox::keep(Unacknowledged kept, const std::deque<FrameSpan>& first, const std::deque<FrameSpan>& owed) {
  auto fresh = std::make_unique<Unacknowledged>(std::move(kept));
  std::deque<Entry> before;
  for (const FrameSpan& span : first) before.push_back({span, Kind::reply});
  for (const FrameSpan& span : owed) before.push_back({span, Kind::owed});
  const std::size_t begun = part_front() ? 1 : 0;
  entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(begun), before.begin(), before.end());
  for (const Entry& e : before) bytes_of(e.kind) += e.span.size;
  unnumbered_ = begun + first.size();
  kept_ = std::move(fresh);
}

void Outbox::keep_front() noexcept {
  if (unnumbered_ != 0) --unnumbered_;
  else keep_sent(std::move(entries_.front().span));
}

void Outbox::keep_sent(FrameSpan span) noexcept {
  for_each_unprefixed(std::move(span), [&](FrameSpan one) { kept_->wrote(std::move(one)); });
}

bool Outbox::acknowledge(std::uint64_t received) {
  if (!kept_) return false;
  if (received > kept_->written()) cut_front();
  return kept_->acknowledge(received);
}

Unacknowledged Outbox::take_kept() noexcept {
  cut_front();
  return std::move(*std::exchange(kept_, nullptr));
}

std::deque<FrameSpan> Outbox::unsent() const {
  std::deque<FrameSpan> all;
  std::size_t gone = front_sent_;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    FrameSpan span = rest_of(entries_[i].span, std::exchange(gone, 0));
    const bool opens = i < unnumbered_ && span.own;  // the next connection has its own
    if (!opens && span.frames != 0) add_unsent(std::move(span), all);
  }
  return all;
}

Outbox::Losses Outbox::losses() const {
  Losses losses{dropped_, dropped_by_, loss_to_tell_};
  for (const auto& [app, messages] : dropping_) losses.untold[app] += messages;
  return losses;
}

void Outbox::go_on_with(Losses losses) {
  dropped_ = losses.dropped;
  dropped_by_ = std::move(losses.by_application);
  loss_to_tell_ = std::move(losses.untold);
}

void Outbox::add_unsent(FrameSpan span, std::deque<FrameSpan>& unsent) const {
  for_each_unprefixed(std::move(span), [&](FrameSpan one) { unsent.push_back(std::move(one)); });
}

Volume Outbox::unsent_volume(std::uint64_t up_to) const noexcept {
  Volume unsent;
  std::size_t gone = front_sent_;
  for (const Entry& e : entries_) {
    FrameSpan rest = rest_of(e.span, std::exchange(gone, 0));
    rest.size -= static_cast<std::uint32_t>(prefix_ * rest.frames);
    if (!rest.own && rest.frames != 0 && rest.routed <= up_to) unsent.add(rest);
  }
  return unsent;
}

std::deque<FrameSpan> Outbox::take_unsent() {
  std::deque<FrameSpan> unsent;
  std::size_t gone = front_sent_;
  for (Entry& e : entries_) {
    FrameSpan span = rest_of(std::move(e.span), std::exchange(gone, 0));
    if (!span.own && span.frames != 0) add_unsent(std::move(span), unsent);
  }
  entries_.clear();
  shares_.clear();
  bytes_ = {};
  front_sent_ = 0;
  return unsent;
}

bool Outbox::holds(Clock::time_point now) noexcept {
  hold_.tick(now);
  return hold_.state() == Hold::State::holding;
}

}  // namespace dlt::daemon
