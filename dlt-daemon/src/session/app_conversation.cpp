#include "session/app_conversation.hpp"

#include <algorithm>

#include "printable.hpp"

namespace dlt::daemon {

namespace local = proto::local;

namespace {
// Below this many bytes it is cheaper to move a batch to the span before it than to give each sink one more range.
constexpr std::uint32_t small_batch = 8 * 1024;
}  // namespace

// Gathers the frames of one call into spans and acts on the other messages.
struct AppConversation::Handler {
  AppConversation& self;
  Exchange& exchange;
  const SlabRef& slab;
  const Now& now;
  Effects& effects;
  SpanGather span{};

  void frame(proto::Bytes f, std::size_t headers) {
    if (self.repeated_ != 0) [[unlikely]] {
      self.repeated_ -= std::min(self.repeated_, static_cast<std::uint32_t>(f.size()));
      ++exchange.repeated_messages;
      return;
    }
    if (!exchange.counter.count(f.data(), f.size(), headers)) [[unlikely]]
      return;  // of another user
    // The slab is ours until the span is routed.
    exchange.gather({const_cast<std::byte*>(f.data()), f.size()}, headers, slab, self.session(), now, span);
  }
  void flush() { exchange.route(slab, self.session(), now, span); }
  void garbage(std::size_t n) noexcept {
    exchange.garbage_bytes += n;
    self.garbage_bytes_ += n;
  }
  void message(const local::Message& m) {
    std::visit(*this, m);
    exchange.counter.begin(self.source_.uid);  // the message may have changed the registry
  }
  bool may_use(AppId app) {
    if (exchange.registry.may_use(app, self.source_.uid)) return true;
    self.refuse(Refusal::foreign_id, app, now);
    return false;
  }

  void operator()(const local::Log&) const noexcept {}  // comes as frame()
  void operator()(const local::Batch& m) {
    if (m.length >= small_batch) flush();
    self.note(m);
  }
  void operator()(const local::RegisterApplication& m) {
    flush();
    if (self.name_.empty()) self.name_ = m.app.text();
    if (!may_use(m.app)) return;
    if (const auto why = exchange.registry.add_application(self.source_, m)) return self.refuse(*why, m.app, now);
    if (self.received_.app.empty()) self.received_.app = m.app;
    if (self.app_.empty()) self.app_ = m.app;
    append(effects.reply, local::LogState{static_cast<std::int8_t>(exchange.router.clients() > 0 ? 1 : 0)});
  }
  void operator()(const local::UnregisterApplication& m) {
    flush();
    if (may_use(m.app)) self.announce_removed(exchange.registry.remove_application(self.session(), m.app), now);
  }
  void operator()(const local::RegisterContext& m) {
    flush();
    if (!may_use(m.app)) return;
    const auto added = exchange.registry.add_context(self.source_, m);
    if (added.refused) return self.refuse(*added.refused, m.app, now);
    if (added.level) append(effects.reply, added.level->message);
    if (exchange.options.announce_contexts && exchange.router.clients() > 0)
      exchange.notify(exchange.control.context_registered(m.app, m.context, now.uptime), now.steady);
  }
  void operator()(const local::UnregisterContext& m) {
    flush();
    if (may_use(m.app) && exchange.registry.remove_context(self.session(), m.app, m.context))
      self.announce_removed({{m.app, m.context}}, now);
  }
  void operator()(const local::Overflow& m) {
    flush();
    if (!may_use(m.app)) return;
    if (m.lost != 0) exchange.lose(m.app, m.lost, now, [&] { exchange.registry.add_overflow(m.app, m.lost); });
  }
  void operator()(const local::ApplicationLimits& m) {
    if (!may_use(m.app)) return;
    const auto levels = exchange.registry.set_application(m.app, static_cast<std::int8_t>(m.log_level),
                                                          static_cast<std::int8_t>(m.trace_status));
    effects.levels.insert(effects.levels.end(), levels.begin(), levels.end());
  }
  void operator()(const local::Marker&) {
    flush();
    exchange.notify(exchange.control.marker(now.uptime), now.steady);
  }
  void operator()(const local::Hello& m) {
    self.capabilities_ = m.capabilities;
    self.instance_ = m.instance;
    self.name_ = m.name.substr(0, local::max_description);
    local::Hello answer;
    answer.pid = exchange.options.pid;
    answer.ecu = exchange.options.ecu;
    answer.utc_offset_s = exchange.options.utc_offset_s;
    answer.name = exchange.options.name;
    if (!exchange.options.snapshots) answer.capabilities &= ~local::capability::recorder;
    append(effects.reply, answer);
  }
  void operator()(const local::Memfd& m) { effects.memfd = m; }
  void operator()(const local::Recorder& m) { effects.recorder = m; }
  void operator()(const local::SnapshotRequest& m) { effects.snapshots.push_back({m.id, std::string(m.reason)}); }
  void operator()(const local::Loss& m) {
    flush();
    if (!may_use(m.app)) return;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < m.count(); ++i) total += m.at(i).count;
    if (total == 0) return;
    exchange.lose(m.app, total, now, [&] {
      for (std::size_t i = 0; i < m.count(); ++i) {
        const auto entry = m.at(i);
        exchange.registry.add_loss(m.app, entry.cause, entry.count);
        self.note(m, entry);
      }
    });
  }
  void operator()(const local::Statistics& m) {
    if (may_use(m.app)) exchange.registry.set_statistics(m.app, m);
  }
  void operator()(const local::Bye&) noexcept { self.said_bye_ = true; }
  // The incumbent's daemon ignores the mode as well; the rest goes the other way and means nothing here.
  void operator()(const local::LogMode&) const noexcept {}
  void operator()(const local::LogLevel&) const noexcept {}
  void operator()(const local::Injection&) const noexcept {}
  void operator()(const local::LogState&) const noexcept {}
  void operator()(const local::TraceLoad&) const noexcept {}
  void operator()(const local::SetOverflowMode&) const noexcept {}
  void operator()(const local::Ack&) const noexcept {}
  void operator()(const local::SnapshotAnswer&) const noexcept {}
};

std::size_t AppConversation::on_bytes(std::span<std::byte> bytes, const SlabRef& slab, const Now& now,
                                      Effects& effects) {
  exchange_.counter.begin(source_.uid);
  const auto foreign = exchange_.counter.foreign().messages;
  const auto garbage = garbage_bytes_;
  Handler handler{*this, exchange_, slab, now, effects};
  std::size_t used = 0;
  try {
    used = framer_.consume(bytes, handler);
  } catch (const std::bad_alloc&) {
    handler.flush();
    throw;
  }
  handler.flush();
  spoken_ |= used > garbage_bytes_ - garbage;
  if (const auto n = exchange_.counter.foreign().messages - foreign; n != 0)
    refuse(Refusal::foreign_messages, {}, now, n);
  return used;
}

void AppConversation::on_closed(const Now& now) { announce_removed(exchange_.registry.remove_session(session()), now); }

void AppConversation::refuse(Refusal why, AppId app, const Now& now, std::uint64_t n) {
  exchange_.refusals.add(why, n, now.steady, "application {} '{}' of user {}, process {}", printable(name_, 60),
                         printable(app.text()), static_cast<std::int64_t>(source_.uid), source_.pid);
}

void AppConversation::note(const local::Batch& batch) {
  repeated_ = 0;
  last_slot_ = none;
  if (batch.slot >= proto::arena::max_slots) return;  // no arena has that many
  if (batch.slot >= received_.positions.size()) received_.positions.resize(batch.slot + std::size_t{1});
  auto& position = received_.positions[batch.slot];
  if (resumed_ && proto::arena::comes_again(batch.chunk, position.chunk)) {
    const std::uint32_t known = batch.chunk != position.chunk ? ~0U : position.offset;
    repeated_ = std::min(batch.length, known - std::min(known, batch.offset));
    if (repeated_ == batch.length) return;
  }
  least_ = batch.offset + repeated_;
  position = {batch.chunk, batch.offset + batch.length};
  last_slot_ = batch.slot;
}

void AppConversation::resume(Positions positions) {
  received_.positions = std::move(positions);
  resumed_ = true;
}

void AppConversation::note(const local::Loss& loss, const local::Loss::Entry& entry) {
  if (loss.app != received_.app || entry.buffer >= received_.losses.size()) return;
  if (const auto cause = static_cast<std::size_t>(entry.cause); cause < proto::local::loss_causes)
    received_.losses[entry.buffer][cause] += entry.count;
}

const proto::Salvage::Received& AppConversation::on_cut() {
  // The last batch was noted as complete.
  if (last_slot_ < received_.positions.size()) {
    auto& offset = received_.positions[last_slot_].offset;
    offset = std::max(least_, offset - std::min(offset, static_cast<std::uint32_t>(framer_.batch_left())));
  }
  framer_ = {};
  return received_;
}

void AppConversation::announce_removed(const std::vector<Removed>& removed, const Now& now) {
  if (!exchange_.options.announce_contexts || exchange_.router.clients() == 0) return;
  for (const Removed& r : removed)
    exchange_.notify(exchange_.control.context_unregistered(r.app, r.context, now.uptime), now.steady);
}

void AppConversation::append(std::vector<std::byte>& out, const local::Message& message) {
  std::size_t room = 512;
  if (const auto* injection = std::get_if<local::Injection>(&message)) room += injection->data.size();
  if (const auto* answer = std::get_if<local::SnapshotAnswer>(&message)) room += answer->text.size();
  const std::size_t at = out.size();
  out.resize(at + room);
  proto::ByteWriter writer(std::span<std::byte>(out).subspan(at));
  local::encode(writer, message);
  out.resize(at + writer.size());
}

}  // namespace dlt::daemon
