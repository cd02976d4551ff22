#include "sender.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>

#include "futex.hpp"
#include "quiet_thread.hpp"

namespace dlt::detail {

namespace {

constexpr std::uint32_t urgent_buffers = 2;
constexpr unsigned long timer_slack_ns = 5'000;
constexpr std::chrono::milliseconds retry_without_memory{10};

__thread bool is_sender __attribute__((tls_model("initial-exec"))) = false;

// At the end of a session the others end when their queues are empty; a connection that breaks after that fills these
// again, and the first sender sends what is in them.
bool is_mine(const ThreadQueue& q, std::uint32_t index, const SenderShared& shared) noexcept {
  if (q.buffer() % shared.senders == index) return true;
  return index == 0 && shared.stop.load(std::memory_order_acquire) &&  // sync: stop
         shared.others_running.load(std::memory_order_acquire) == 0;   // sync: others-running
}

timespec as_timespec(std::chrono::nanoseconds d) noexcept {
  return {static_cast<time_t>(d.count() / 1'000'000'000), static_cast<long>(d.count() % 1'000'000'000)};
}

}  // namespace

bool on_sender_thread() noexcept { return is_sender; }
void forget_sender_thread() noexcept { is_sender = false; }

std::error_code Sender::start() noexcept {
  return start_quietly(thread_, [this] { run(); });
}

void Sender::join() noexcept {
  if (thread_.joinable()) thread_.join();
}

void Sender::run() noexcept {
  is_sender = true;
  pthread_setname_np(pthread_self(), "dlt-sender");
  prctl(PR_SET_TIMERSLACK, timer_slack_ns);
  nap_ = shared_.nap;
  last_traffic_ = Clock::now();
  for (;;) {
    const Round round = one_round();
    if (finished(round)) break;
    wait(round);
  }
  doorbell_.announce_awake();                                                       // nobody rings any more
  if (index_ != 0) shared_.others_running.fetch_sub(1, std::memory_order_release);  // sync: others-running
}

Sender::Round Sender::one_round() noexcept {
  Round round;
  {
    std::unique_lock lock(shared_.uplink.turn, std::defer_lock);
    if (shared_.senders > 1) lock.lock();
    try {
      send(round);
    } catch (const std::bad_alloc&) {
      round = without_memory();
    }
  }
  after_write();
  return round;
}

void Sender::send(Round& round) {
  shared_.clock.tick();
  if (index_ == 0) {
    const auto now = Clock::now();
    shared_.uplink.maintain(now);
    shared_.housekeeping(now);
  }
  round.flow = shared_.uplink.flush();
  if (round.flow == Uplink::Flow::flowing) {
    collect();
    for (const Range& r : ranges_) round.frames += r.frames;
    for (const ThreadQueue* q : queues_) round.awaits_confirmation |= q->awaits_confirmation();
    if (!ranges_.empty()) {
      round.flow = shared_.uplink.write(ranges_, batch_);
      ranges_.clear();
    } else if (index_ == 0 && Clock::now() - last_traffic_ >= park_after) round.reported = shared_.report();
  }
  round.fds = shared_.uplink.descriptors();
  round.wants_to_write = shared_.uplink.wants_to_write();
  round.next = shared_.uplink.link().next();
}

// Nothing was sent since the last allocation. What is half done with the daemon is done again on a new connection; the
// messages stay where they are.
Sender::Round Sender::without_memory() noexcept {
  for (const Range& r : ranges_) r.queue->untouched(r);
  ranges_.clear();
  const auto now = Clock::now();
  shared_.uplink.close(now);
  Round round;
  round.next = now + retry_without_memory;
  return round;
}

void Sender::refresh_queues() {
  std::size_t n = 0;
  shared_.queues.for_each([&](const ThreadQueue& q) { n += is_mine(q, index_, shared_) ? 1U : 0U; });
  if (n == known_queues_) return;
  known_queues_ = 0;
  queues_.clear();
  queues_.reserve(n);
  shared_.queues.for_each([this](ThreadQueue& q) {
    if (is_mine(q, index_, shared_)) queues_.push_back(&q);
  });
  known_queues_ = queues_.size();
  std::stable_sort(queues_.begin(), queues_.end(), [](const ThreadQueue* a, const ThreadQueue* b) {
    return std::min(a->buffer(), urgent_buffers) < std::min(b->buffer(), urgent_buffers);
  });
}

// Urgent buffers first; the ordinary ones take turns in going first.
void Sender::collect() {
  refresh_queues();
  ranges_.clear();
  std::size_t bytes = 0;
  const Uplink::Appetite& most = shared_.uplink.appetite();
  const auto from = [&](ThreadQueue& q) {
    if (bytes >= most.bytes || ranges_.size() >= Batch::max_ranges) return;
    const std::size_t had = ranges_.size();
    // collect() may add the open chunk on top of its limit.
    q.collect(ranges_, std::min<std::size_t>(most.ranges_of_a_queue, Batch::max_ranges - 1 - had));
    for (std::size_t i = had; i < ranges_.size(); ++i) bytes += ranges_[i].to - ranges_[i].from;
  };
  const auto ordinary =
      std::find_if(queues_.begin(), queues_.end(), [](const ThreadQueue* q) { return q->buffer() >= urgent_buffers; });
  for (auto i = queues_.begin(); i != ordinary; ++i) from(**i);
  const auto n = static_cast<std::size_t>(queues_.end() - ordinary);
  if (n == 0) return;
  ++turn_;
  for (std::size_t i = 0; i < n; ++i) from(*ordinary[static_cast<std::ptrdiff_t>((turn_ + i) % n)]);
}

void Sender::after_write() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);  // sync: space, before the looks at `waiting_`
  for (ThreadQueue* q : queues_) q->wake_blocked();
  if (shared_.flush_waiters.load(std::memory_order_seq_cst) == 0) return;  // sync: flush
  shared_.rounds.fetch_add(1, std::memory_order_seq_cst);
  futex_wake_all(shared_.rounds);
}

bool Sender::work_left() const noexcept {
  bool left = false;
  shared_.queues.for_each([&](const ThreadQueue& q) {
    if (is_mine(q, index_, shared_) && !q.empty()) left = true;
  });
  return left;
}

bool Sender::finished(const Round& round) const noexcept {
  if (!shared_.stop.load(std::memory_order_acquire)) return false;  // sync: stop
  if (Clock::now().time_since_epoch().count() >= shared_.stop_deadline.load(std::memory_order_relaxed)) return true;
  if (index_ == 0 && shared_.others_running.load(std::memory_order_acquire) != 0) return false;
  if (work_left()) return false;
  // What was taken out of the queues must be on its way too.
  return index_ != 0 || !round.wants_to_write;
}

void Sender::wait(const Round& round) {
  const auto now = Clock::now();
  const bool stopping = shared_.stop.load(std::memory_order_acquire);
  auto limit = round.next;
  if (index_ != 0) limit = std::min(limit, now + Link::longest_wait);  // only the first hears of a lost connection
  if (stopping) limit = std::min(limit, now + longest_nap);
  switch (round.flow) {
    case Uplink::Flow::away: return sleep_on(round.fds, false, limit);
    case Uplink::Flow::blocked: return sleep_on(round.fds, true, std::min(limit, now + longest_block));
    case Uplink::Flow::flowing: break;
  }
  if (round.frames != 0) {
    last_traffic_ = now;
    nap_ = shared_.nap;
  }
  if (round.frames >= shared_.batch_size || round.reported) return;
  if (now - last_traffic_ < park_after || stopping) {
    // A nap is not ended by what the daemon says, who acknowledges all the time; unless that is what is waited for.
    return nap(round.awaits_confirmation ? round.fds : Connection::Descriptors{});
  }
  park(round.fds);
}

void Sender::nap(Connection::Descriptors fds) {
  doorbell_.announce_napping();
  sleep_on(fds, false, Clock::now() + nap_);
  doorbell_.announce_awake();
  nap_ = std::min<std::chrono::microseconds>(nap_ * 2, longest_nap);
}

void Sender::park(Connection::Descriptors fds) {
  doorbell_.announce_parked();
  auto until = doorbell_.has_fence() ? Clock::time_point::max() : Clock::now() + Doorbell::fallback_limit;
  if (index_ == 0 && shared_.alarm) until = std::min(until, shared_.alarm());
  if (!work_left() && !(index_ == 0 && shared_.has_news()) && !shared_.stop.load(std::memory_order_acquire)) {
    let_clock_rest();
    sleep_on(fds, false, until);
    shared_.parked.fetch_sub(1, std::memory_order_relaxed);
  }
  doorbell_.announce_awake();
  last_traffic_ = Clock::now();
  nap_ = shared_.nap;
}

// Who wakes meanwhile is not counted as parked when it has its turn, or has its turn later, and ticks.
void Sender::let_clock_rest() noexcept {
  if (shared_.parked.fetch_add(1, std::memory_order_relaxed) + 1 < shared_.senders) return;
  std::unique_lock lock(shared_.uplink.turn, std::defer_lock);
  if (shared_.senders > 1) lock.lock();
  if (shared_.parked.load(std::memory_order_relaxed) == shared_.senders) shared_.clock.rest();
}

// Sleeps until the bell rings, the daemon says something or is gone (first sender), there is room for more (if asked),
// or `until`.
void Sender::sleep_on(Connection::Descriptors at, bool writable, Clock::time_point until) {
  const bool listens = index_ == 0;
  const short room = writable ? POLLOUT : 0;
  std::array<pollfd, 3> fds{{{doorbell_.fd(), POLLIN, 0},
                             {listens ? at.read : -1, POLLIN, 0},
                             {listens || writable ? at.write : -1, room, 0}}};
  timespec t{};
  timespec* timeout = nullptr;
  if (until != Clock::time_point::max()) {
    t = as_timespec(std::max(std::chrono::nanoseconds::zero(), std::chrono::nanoseconds(until - Clock::now())));
    timeout = &t;
  }
  if (ppoll(fds.data(), fds.size(), timeout, nullptr) > 0 && fds[0].revents != 0) doorbell_.clear();
}

}  // namespace dlt::detail
