// Everything that connections share, in one place: who is there, who gets what, and the answers to requests.
//
// Pure; the io thread's. Sessions are given a reference and use it no more once they are closed, which is before it
// ends; a wait of theirs may keep the closed session itself until the io_context ends.
#pragma once

#include <cstring>
#include <functional>
#include <new>
#include <string>

#include "route/control.hpp"
#include "route/frame_counter.hpp"
#include "route/intake.hpp"
#include "route/library_ecu.hpp"
#include "route/repetition_note.hpp"
#include "route/router.hpp"
#include "route/span_gather.hpp"

namespace dlt::daemon {

// Puts frames that the daemon itself makes into slabs, so that sinks treat them like any other.
class OwnFrames {
 public:
  explicit OwnFrames(Pool& pool) noexcept : pool_(pool) {}

  [[nodiscard]] FrameSpan put(const Frame& frame) {
    if (!slab_ || slab_.get()->memory().size() - used_ < frame.size()) {
      slab_ = pool_.take();
      used_ = 0;
    }
    std::byte* const at = slab_.get()->memory().data() + used_;
    std::memcpy(at, frame.data(), frame.size());
    used_ += frame.size();
    FrameSpan span{slab_, at, static_cast<std::uint32_t>(frame.size()), 1};
    span.own = true;
    return span;
  }

 private:
  Pool& pool_;
  SlabRef slab_;
  std::size_t used_ = 0;
};

// Time as every conversation needs it.
struct Now {
  Clock::time_point steady{};
  std::int64_t unix_us = 0;
  std::uint32_t uptime = 0;  // 0.1 ms since boot, as DLT frames carry it
};

struct Exchange {
  struct Options {
    EcuId ecu{"ECU1"};
    std::int32_t utc_offset_s = 0;
    std::int32_t pid = 0;
    std::string name;  // for Hello
    bool announce_contexts = true;
    bool snapshots = false;  // of flight recorders are made
  };

  Exchange(Pool& pool, Defaults defaults, Control::Options control_options, Replay replay, std::size_t backlog,
           Options o, Registry::Limits limits = {})
      : options(std::move(o)),
        replaces_ecu(options.ecu != library_ecu),
        registry(defaults, std::move(limits)),
        control(registry, std::move(control_options)),
        router(replay, backlog),
        counter(registry),
        own(pool) {}

  // An application has lost messages: `count()` counts them, and clients are told. Without memory neither is done.
  template <class Count>
  void lose(AppId app, std::uint64_t messages, const Now& now, Count&& count) {
    const FrameSpan told = own.put(control.lost(app, messages, now.uptime));
    count();
    router.notify(told, now.steady);
  }
  // A message in the context's name that says how often the one before it came again.
  void announce_repetitions(AppId app, ContextId context, std::uint64_t times, const Now& now) {
    FrameSpan span = own.put(repetition_note(options.ecu, app, context, times, now.uptime));
    span.own = false;
    span.received_us = now.unix_us;
    router.route(std::move(span), now.steady);
  }
  // Adds a frame to those that are gathered, if it may go on. What has to be announced before it, and sinks that it is
  // not for, end the present span. Like all up to route() it does without memory where there is none.
  void gather(std::span<std::byte> frame, std::size_t headers, const SlabRef& slab, SessionId from, const Now& now,
              SpanGather& span) {
    if (replaces_ecu) [[unlikely]]
      (void)replace_library_ecu(frame, options.ecu);
    if (intake.active() && !admit(frame, headers, slab, from, now, span)) [[unlikely]]
      return;
    collect(frame, slab, from, now, span);
  }
  // The same without asking whether it may: of a passive node (`ecu`), whose own daemon has done that.
  void collect(std::span<std::byte> frame, const SlabRef& slab, SessionId from, const Now& now, SpanGather& span,
               EcuId ecu = {}) {
    if (stored_only) [[unlikely]] {
      const bool only = stored_only(frame.data());
      if (only != span.stored_only) route(slab, from, now, span, ecu);
      span.stored_only = only;
    }
    span.add(frame.data(), frame.size());
  }
  // Gives what is gathered to the router, and begins anew.
  void route(const SlabRef& slab, SessionId from, const Now& now, SpanGather& span, EcuId ecu = {}) {
    if (span.frames != 0) {
      FrameSpan whole{slab, span.begin, span.size(), span.frames, now.unix_us};
      whole.source = static_cast<std::uint32_t>(from);
      whole.stored_only = span.stored_only;
      whole.ecu = ecu;
      router.route(std::move(whole), now.steady);
    }
    span = {};
  }
  // What intake has left out since the last time; without memory, the next time.
  void announce_left_out(const Now& now) {
    for (const Intake::Due& due : intake.take_due()) try {
        if (due.repetitions != 0) announce_repetitions(due.app, due.context, due.repetitions, now);
        if (due.over_quota == 0) continue;
        lose(due.app, due.over_quota, now,
             [&] { registry.add_loss(due.app, proto::local::LossCause::quota, due.over_quota); });
      } catch (const std::bad_alloc&) {
        intake.owe(due);
      }
  }
  // Tells every client that is connected; not kept for later, not stored.
  void notify(const Frame& frame, Clock::time_point now) { router.notify(own.put(frame), now); }

  [[nodiscard]] bool admit(proto::Bytes frame, std::size_t headers, const SlabRef& slab, SessionId from, const Now& now,
                           SpanGather& span) {
    const auto [verdict, repetitions] = intake.judge(frame, headers, registry.defaults(), now.steady);
    if (repetitions != 0) {
      route(slab, from, now, span);
      const std::byte* const ids = frame.data() + headers - 8;
      const Intake::Due due{AppId::from_bytes(ids), ContextId::from_bytes(ids + 4), repetitions, 0};
      try {
        announce_repetitions(due.app, due.context, due.repetitions, now);
      } catch (const std::bad_alloc&) {
        intake.owe(due);
      }
    }
    return verdict == Intake::Verdict::pass;
  }

  Options options;
  const bool replaces_ecu;  // the one that libraries write is not ours
  Registry registry;
  Control control;
  Router router;
  FrameCounter counter;
  Intake intake;
  std::function<bool(const std::byte* frame)> stored_only;  // is this frame not for clients? Empty: all are
  OwnFrames own;
  Refusals refusals;
  std::uint64_t garbage_bytes = 0;
  std::uint64_t repeated_messages = 0;  // that came again after a connection broke, and were passed over
  std::uint64_t salvaged_messages = 0;  // out of the memory of applications that were killed
};

}  // namespace dlt::daemon
