#include "thread_state.hpp"

#include <pthread.h>

#include <cstdio>

#include "core.hpp"
#include "local_print.hpp"
#include "recorder.hpp"

namespace dlt::detail {

StampClock stamp_clock;
namespace {
constexpr std::size_t msin_at = 16;  // in the frames that log calls write
}

constinit Writer no_writer{.busy = true};
constinit Writer no_recorder{.busy = true};
namespace {
constinit Writer refused_writer{.busy = true};  // for a call that has been counted as lost already
}

#define DLT_8(WRITER) &(WRITER), &(WRITER), &(WRITER), &(WRITER), &(WRITER), &(WRITER), &(WRITER), &(WRITER)
#define DLT_NO_WRITERS                       \
  {                                          \
    { DLT_8(no_writer), DLT_8(no_recorder) } \
  }
__thread ThreadWriters t_writers __attribute__((tls_model("initial-exec"))) = DLT_NO_WRITERS;

namespace {

struct ThreadState {
  ThreadQueue* queues[Options::max_buffers];
  RecorderRing* rings[Options::max_buffers];
  std::uint32_t ordinary;  // the buffer for what is not urgent, plus one; 0: not chosen yet
  bool finding;            // a queue is being looked for: a signal handler must keep out
};
__thread ThreadState t_state __attribute__((tls_model("initial-exec"))) = {};

// Nothing leads to a queue any more when it is given away, also for a handler that interrupts this.
void on_thread_end(void*) {
  t_state.finding = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const ThreadState left = t_state;
  t_writers = DLT_NO_WRITERS;
  for (ThreadQueue*& q : t_state.queues) q = nullptr;
  for (RecorderRing*& r : t_state.rings) r = nullptr;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  for (ThreadQueue* q : left.queues)
    if (q != nullptr) q->disown();
  for (RecorderRing* r : left.rings)
    if (r != nullptr) Core::get()->recorder().leave(*r);  // who has one has a core
  t_state = {};
}

// Made when the library is loaded: one of the first 32 keys of a process, for those pthread_setspecific takes no
// memory, and it is called in signal handlers.
const pthread_key_t thread_key = [] {
  pthread_key_t key{};
  // Without one (1024 are in use) the queues of threads that ended are not used again.
  return pthread_key_create(&key, on_thread_end) == 0 ? key : ~pthread_key_t{0};
}();

// A handler that interrupted this call has forked, and this is the child: what was found is its parent's. It is asked
// after something was stored: a fork that comes later takes it away again (forget_thread).
bool was_forked(const Core& core) noexcept { return Core::get() != &core; }

void remember(const Core& core, std::size_t lane, Writer& writer, Writer& none) noexcept {
  t_writers.by_lane[lane] = &writer;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (was_forked(core)) t_writers.by_lane[lane] = &none;
}

// The calling thread's queue in the buffer that `choose` names. A signal handler that interrupts the search is refused:
// it would choose for itself, and what it logs now and later would lie in two queues, in no order.
template <class Choose>
ThreadQueue* queue_for(Core& core, Choose choose) noexcept {
  if (t_state.finding) {
    core.count_homeless_nested();
    return nullptr;
  }
  t_state.finding = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const std::uint32_t buffer = choose();
  ThreadQueue* q = t_state.queues[buffer];
  if (q == nullptr) {
    q = core.home_for(buffer);
    if (q != nullptr) pthread_setspecific(thread_key, &t_state);
    t_state.queues[buffer] = q;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (was_forked(core)) t_state.queues[buffer] = q = nullptr;
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  t_state.finding = false;
  return q;
}

// The calling thread's ring in this buffer; nullptr: none can be had, or a signal handler is where it must not be.
RecorderRing* ring_for(Core& core, std::uint32_t buffer) noexcept {
  RecorderRing* ring = t_state.rings[buffer];
  if (ring != nullptr) return ring;
  if (!t_state.finding) {
    t_state.finding = true;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    ring = core.recorder().adopt(buffer);
    if (ring != nullptr) pthread_setspecific(thread_key, &t_state);
    t_state.rings[buffer] = ring;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (was_forked(core)) t_state.rings[buffer] = ring = nullptr;
    t_state.finding = false;
  }
  if (ring == nullptr) core.recorder().count_missed();
  return ring;
}

Core* core_for_logging() noexcept {
  Core* core = Core::get();
  return core != nullptr ? core : Core::revive();
}

std::uint32_t ordinary_of(Core& core) noexcept {
  if (t_state.ordinary == 0) t_state.ordinary = core.next_ordinary() + 1;
  return t_state.ordinary - 1;
}

}  // namespace

void forget_thread() noexcept {
  t_writers = DLT_NO_WRITERS;
  t_state = {};
}

// ── the rare half of a log call ──────────────────────────────────────────────────────────────────────────────────────

namespace {

Writer* first_writer(Level level) noexcept {
  Core* core = core_for_logging();
  if (core == nullptr) {
    Core::count_early();
    return nullptr;
  }
  ThreadQueue* q = queue_for(*core, [&] { return core->buffer_of(level, ordinary_of(*core)); });
  if (q != nullptr) remember(*core, static_cast<std::size_t>(level), *q, no_writer);
  return q;
}

RecorderRing* first_ring(Level level) noexcept {
  Core* core = core_for_logging();
  if (core == nullptr || !core->records()) return nullptr;
  if (t_state.finding) return core->recorder().count_missed(), nullptr;
  RecorderRing* ring = ring_for(*core, core->buffer_of(level, ordinary_of(*core)));
  if (ring != nullptr) remember(*core, static_cast<std::size_t>(level) + recorder_lane, *ring, no_recorder);
  return ring;
}

// A log call of the recorder's lane. Nothing is counted as lost that was not to be sent.
Writer* enter_recorder(Writer& writer, Level level) noexcept {
  auto* ring = &writer == &no_recorder ? first_ring(level) : static_cast<RecorderRing*>(&writer);
  if (ring == nullptr || !ring->busy) return ring;
  ring->count_missed();
  return nullptr;
}

}  // namespace

Writer* enter(Writer& writer, Level level, ContextData& context) noexcept {
  Writer* w = &writer;
  if (w == &no_recorder || RecorderRing::is(*w)) return enter_recorder(writer, level);
  if (w == &no_writer) {
    w = first_writer(level);
    if (w != nullptr && !w->busy) return w;
  }
  // Lost, and so it leaves a gap in the counter. Without a queue the core has counted it.
  context.counter.fetch_add(1, std::memory_order_relaxed);
  if (w != nullptr && w != &refused_writer) static_cast<ThreadQueue*>(w)->count_nested();
  return nullptr;
}

Writer& writer_for_buffer(Buffer buffer, std::uint8_t lane) noexcept {
  Core* core = core_for_logging();
  if (core == nullptr || buffer.index >= core->buffer_count()) return *t_writers.by_lane[lane];
  if (lane >= recorder_lane) {
    RecorderRing* ring = core->records() ? ring_for(*core, buffer.index) : nullptr;
    return ring != nullptr ? *ring : refused_writer;
  }
  ThreadQueue* q = t_state.queues[buffer.index];
  if (q == nullptr) q = queue_for(*core, [&] { return buffer.index; });
  return q != nullptr ? *q : refused_writer;
}

namespace {

// What the queue did not take may still be recorded: the call goes on in the ring.
Room room_in_ring(ThreadQueue& queue, std::size_t need) noexcept {
  Core* core = Core::get();
  if (core == nullptr || !core->records()) return {};
  RecorderRing* ring = ring_for(*core, queue.buffer());
  if (ring == nullptr) return {};
  if (ring->busy) return ring->count_missed(), Room{};
  ring->busy = true;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::byte* p = ring->make_room(need);
  if (p == nullptr) ring->busy = false;
  else queue.busy = false;
  return {p, ring};
}

}  // namespace

Room make_room(Writer& writer, std::size_t need, ContextData& context) noexcept {
  if (RecorderRing::is(writer)) return {static_cast<RecorderRing&>(writer).make_room(need), &writer};
  auto& queue = static_cast<ThreadQueue&>(writer);
  if (std::byte* p = queue.make_room(need)) return {p, &writer};
  if (const Room room = room_in_ring(queue, need); room.at != nullptr) return room;
  // A lost message leaves a gap in the counter.
  context.counter.fetch_add(1, std::memory_order_relaxed);
  return {};
}

bool after_commit(Writer& writer, const std::byte* frame, std::size_t size) noexcept {
  if (RecorderRing::is(writer)) {
    writer.busy = false;
    return false;
  }
  auto& queue = static_cast<ThreadQueue&>(writer);
  // Before the call is left: a handler that logs may use the chunk again.
  Core* core = Core::get();
  if (core != nullptr && core->records())
    if (RecorderRing* ring = ring_for(*core, queue.buffer())) ring->copy(frame, size);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  writer.busy = false;
  // The level stands in the frame's extended header. It is what is told apart here, because with a bit set every call
  // comes here.
  const auto level = static_cast<Level>(std::to_integer<std::uint8_t>(frame[msin_at]) >> 4);
  if ((queue.attention->load(std::memory_order_relaxed) & ~attention::bits) >= attention::threshold(level))
    queue.ring();
  if (core != nullptr && core->prints_now()) print_locally({frame, size});
  return true;
}

}  // namespace dlt::detail
