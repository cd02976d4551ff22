#include "uplink.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace dlt::detail {

namespace local = proto::local;

namespace {

constexpr std::size_t read_size = 64 * 1024;
// A message of our own fits in this: the longest body plus headers.
constexpr std::size_t longest_message = local::max_body_size + 256;

}  // namespace

Uplink::Uplink(std::vector<Address> addresses, Identity identity, Arena& arena, UplinkOwner& owner,
               const Recorder* recorder)
    : addresses_(std::move(addresses)),
      identity_(std::move(identity)),
      arena_(arena),
      owner_(owner),
      recorder_(recorder),
      resolver_([&owner] { owner.on_resolved(); }),
      carry_(arena) {}

// ── the end of a connection ─────────────────────────────────────────────────────────────────────────────────────────

void Uplink::lost(Link::Clock::time_point now) noexcept {
  if (link_.state() == Link::State::ready) no_fifo_before_ = now + fifo_after;
  try_next();
  last_words();
  const bool by_fifo = connection_.is_fifo();
  const Told all = told();
  shut(now);
  take_back(by_fifo, all);
}

bool Uplink::end(Link::Clock::time_point until) noexcept {
  const bool by_fifo = connection_.is_fifo();
  const bool was_open = connection_.is_open();
  const bool taken = !was_open || !speaks(local::capability::ack) || has_taken_all(until);
  if (taken) shut(Link::Clock::now());
  else lost(Link::Clock::now());
  if (!carry_.empty()) {
    interrupt_carry(by_fifo);
    carry_queue_->lost_at_exit(carry_.drop().frames);
  }
  return was_open && taken;
}

// A Unix socket's bytes are the daemon's as soon as they are written, unless it has gone. Over TCP they are when it
// ends the stream, too: an acknowledgement that comes after the connection was closed resets it, and what the kernel
// had not sent yet would be gone.
bool Uplink::has_taken_all(Link::Clock::time_point until) noexcept {
  Socket& socket = connection_.socket();
  if (!socket.is_unix()) socket.finish_sending();
  std::array<std::byte, 4096> some{};
  for (;;) {
    const auto n = socket.receive(some);
    if (!n && !would_block(n.error())) return n.error() == Errc::closed && !socket.is_unix();
    if (!n && socket.is_unix()) return true;
    try {
      if (n) received_.insert(received_.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(*n));
    } catch (const std::bad_alloc&) {  // an acknowledgement less
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Link::Clock::now());
    if (left.count() <= 0) return socket.is_unix();
    if (!n) socket.wait_readable(left);
  }
}

void Uplink::shut(Link::Clock::time_point now) noexcept {
  connection_.close();
  link_.on_lost(now);
  owner_.connected.store(false, std::memory_order_release);
  control_.clear();
  control_at_ = 0;
  received_.clear();
}

// What the daemon had acknowledged before it went lies in the socket still; the rest of what it said is void.
void Uplink::last_words() noexcept {
  if (!connection_.is_open() || !speaks(local::capability::ack)) return;
  try {
    incoming_.resize(read_size);
    for (auto n = connection_.receive(incoming_); n; n = connection_.receive(incoming_))
      received_.insert(received_.end(), incoming_.begin(), incoming_.begin() + static_cast<std::ptrdiff_t>(*n));
  } catch (const std::bad_alloc&) {  // then more is sent again than need be
  }
  std::size_t used = 0;
  for (proto::Bytes rest(received_); const auto message = local::decode(rest, used); rest = rest.subspan(used))
    if (const auto* ack = std::get_if<local::Ack>(&*message)) acknowledged(ack->position);
}

void Uplink::acknowledged(std::uint64_t position) noexcept {
  heard_ = position;
  sent_log_.acknowledge(position);
}

// The chunk of the carry first, its copy then: whoever reads the memory of a process that is killed in between finds
// the frames in one of them at least.
void Uplink::take_back(bool by_fifo, Told told) noexcept {
  if (!carry_.empty() && !carry_logged_) {
    interrupt_carry(by_fifo);
  } else if (!carry_.empty()) {
    const Carry::Done held = carry_.held();
    carry_queue_->rewind({held.frames, held.bytes});
    (void)carry_.drop();
  }
  carry_logged_ = false;
  owner_.on_broken(told);
}

void Uplink::interrupt_carry(bool by_fifo) noexcept {
  const proto::Bytes frames = carry_.frames();
  const Carry::Done done = carry_.interrupt();
  deliver(*carry_queue_, done.frames, frames.first(done.bytes), by_fifo);
}

void Uplink::deliver(ThreadQueue& queue, std::uint32_t frames, proto::Bytes bytes, bool some_too_long) noexcept {
  queue.delivered(frames, bytes.size());
  if (!some_too_long) return;
  if (const Oversized n = oversized(bytes); n.frames != 0) owner_.on_too_long(queue.buffer(), n);
}

// ── receiving ────────────────────────────────────────────────────────────────────────────────────────────────────────

void Uplink::receive(Link::Clock::time_point now) {
  for (;;) {
    // Into a buffer that stays: most looks find nothing, and clearing 64 KiB for them costs a tenth of a round.
    incoming_.resize(read_size);
    const auto n = connection_.receive(incoming_);
    if (!n && !would_block(n.error())) return lost(now);
    if (n) received_.insert(received_.end(), incoming_.begin(), incoming_.begin() + static_cast<std::ptrdiff_t>(*n));
    dispatch();
    if (!n || *n < read_size) return;
  }
}

void Uplink::dispatch() {
  std::size_t at = 0;
  while (at < received_.size()) {
    const proto::Bytes rest = proto::Bytes(received_).subspan(at);
    std::size_t used = 0;
    const auto message = local::decode(rest, used);
    if (message) {
      at += used;
      if (const auto* hello = std::get_if<local::Hello>(&*message)) {
        if (link_.state() == Link::State::greeting) {
          link_.on_hello();
          become_ready(*hello);
        } else if (link_.state() == Link::State::plain && !connection_.is_fifo()) {
          link_.on_hello();
          learn(*hello);
        }
      } else if (const auto* ack = std::get_if<local::Ack>(&*message)) {
        acknowledged(ack->position);
      } else {
        owner_.on_message(*message);
      }
      continue;
    }
    if (message.error() == Errc::truncated) break;
    // Rubbish or a type from the future: on to the next header.
    const auto text = proto::as_text(rest.subspan(1));
    const std::size_t next = text.find(local::magic);
    at += next == std::string_view::npos ? rest.size() : next + 1;
  }
  received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(at));
}

// ── sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────

void Uplink::post(const local::Message& message) {
  if (!connection_.is_open()) return;
  scratch_.resize(longest_message);
  proto::ByteWriter out(scratch_);
  local::encode(out, message);
  if (!out.ok()) return;
  const proto::Bytes bytes = out.written();
  control_.insert(control_.end(), bytes.begin(), bytes.end());
}

Uplink::Flow Uplink::send_some(proto::Bytes bytes, std::size_t& moved) {
  const iovec one{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const auto n = connection_.send(std::span(&one, 1));
  writes_.fetch_add(1, std::memory_order_relaxed);
  moved = n ? *n : 0;
  if (n) return moved == bytes.size() ? Flow::flowing : Flow::blocked;
  if (would_block(n.error())) return Flow::blocked;
  lost(Link::Clock::now());
  return Flow::away;
}

Uplink::Flow Uplink::flush() {
  if (link_.state() == Link::State::connecting && connection_.is_open()) {
    const std::error_code error = connection_.finish_connect();
    if (would_block(error)) return Flow::blocked;
    if (error) {
      lost(Link::Clock::now());
      return Flow::away;
    }
    greet(Link::Clock::now());
  }
  if (!connection_.is_open()) return Flow::away;
  std::size_t moved = 0;
  if (!carry_.empty() && link_.may_send()) {
    const Flow flow = send_some(carry_.rest(), moved);
    if (flow == Flow::away) return flow;
    const proto::Bytes frames = carry_.frames();
    const Carry::Done done = carry_.advance(moved);
    deliver(*carry_queue_, done.frames, frames.first(done.bytes), connection_.is_fifo());
    if (flow == Flow::blocked) return flow;
  }
  if (control_at_ < control_.size()) {
    const Flow flow = send_some(proto::Bytes(control_).subspan(control_at_), moved);
    control_at_ += moved;
    sent_log_.skip(moved);
    said_ = sent_log_.position();
    if (flow != Flow::flowing) return flow;
    control_.clear();
    control_at_ = 0;
  }
  if (!link_.may_send()) return Flow::away;
  const Flow flow = announce_memory();
  // Connected: registered, and from here on the daemon can salvage.
  if (flow == Flow::flowing && !owner_.connected.load(std::memory_order_relaxed))
    owner_.connected.store(true, std::memory_order_release);
  return flow;
}

// The arena goes also to a daemon that has not answered: it may be ours and busy, and this application may be killed
// before it answers. The incumbent's skips it, as it has skipped the hello.
Uplink::Flow Uplink::announce_memory() {
  if (!connection_.is_unix()) return Flow::flowing;
  const bool unanswered = link_.state() == Link::State::plain;
  if (!arena_announced_ && (unanswered || speaks(local::capability::memfd)) && arena_.shareable()) {
    const local::Memfd m{proto::arena::version, Arena::granule, arena_.size()};
    if (const Flow flow = announce(m, arena_.fd(), arena_announced_); flow != Flow::flowing) return flow;
  }
  if (recorder_ == nullptr || recorder_announced_ || !recorder_->is_open() || !recorder_->shareable() ||
      !speaks(local::capability::recorder))
    return Flow::flowing;
  const RecorderShape& shape = recorder_->shape();
  return announce(local::Recorder{proto::recorder::version, shape.segment_size, shape.size()}, recorder_->fd(),
                  recorder_announced_);
}

Uplink::Flow Uplink::announce(const local::Message& message, int fd, bool& announced) {
  std::array<std::byte, 64> bytes{};
  proto::ByteWriter out(bytes);
  local::encode(out, message);
  const auto n = connection_.socket().send_with_descriptor(out.written(), fd);
  if (!n && would_block(n.error())) return Flow::blocked;
  if (!n) {
    lost(Link::Clock::now());
    return Flow::away;
  }
  sent_log_.skip(*n);
  if (*n < out.size()) {  // the descriptor went with the first byte
    const proto::Bytes rest = out.written().subspan(*n);
    control_.assign(rest.begin(), rest.end());
  }
  announced = true;
  return control_.empty() ? Flow::flowing : Flow::blocked;
}

Uplink::Flow Uplink::write(std::span<const Range> ranges, Batch& scratch) {
  scratch.clear(wire());
  const auto where = [](const Range& r) { return local::Batch{0, r.queue->slot(), low_half(r.number), r.from}; };
  for (const Range& r : ranges) scratch.add(where(r), r.bytes());
  const std::uint64_t passed_over = connection_.passed_over();
  const auto n = connection_.send(scratch.iovecs());
  const bool some_too_long = connection_.passed_over() != passed_over;
  writes_.fetch_add(1, std::memory_order_relaxed);
  const Batch::Written written = scratch.written(n ? *n : 0);
  bool broken = false;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const Range& r = ranges[i];
    if (i < written.whole) {
      deliver(*r.queue, r.frames, r.bytes(), some_too_long);
      r.queue->taken(r);
      log(r, scratch.size_of(i));
    } else if (i == written.whole && written.partial > 0) {
      try {
        carry_.hold(wire(), where(r), r.bytes(), written.partial);
        carry_queue_ = r.queue;
        r.queue->taken(r);
        carry_logged_ = speaks(local::capability::ack);
        log(r, scratch.size_of(i));
      } catch (const std::bad_alloc&) {  // all of it goes again on a new connection
        r.queue->untouched(r);
        broken = true;
      }
    } else {
      r.queue->untouched(r);
    }
  }
  if (n && !broken) return written.whole == ranges.size() ? Flow::flowing : Flow::blocked;
  if (!n && would_block(n.error())) return Flow::blocked;
  lost(Link::Clock::now());
  return Flow::away;
}

// A daemon that does not acknowledge has what the kernel has; it may say later that it does.
void Uplink::log(const Range& range, std::size_t wire) noexcept {
  if (speaks(local::capability::ack)) return sent_log_.add(range, wire);
  sent_log_.skip(wire);
  range.queue->confirm(range.number, range.to, range.queue->sent());
}

void Uplink::wait_writable(std::chrono::milliseconds limit) noexcept {
  pollfd p{descriptors().write, POLLOUT, 0};
  ::poll(&p, 1, static_cast<int>(limit.count()));
}

}  // namespace dlt::detail
