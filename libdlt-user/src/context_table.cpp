#include "context_table.hpp"

#include <algorithm>
#include <new>
#include <type_traits>

#include "dlt/proto/header.hpp"
#include "slab.hpp"

namespace dlt::detail {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

std::uint64_t word0_of(std::uint32_t ecu) noexcept { return proto::htyp::log | (std::uint64_t{ecu} << 32); }

ContextEntry* find(ContextEntry* from, const ContextEntry* until, ContextId id) noexcept {
  for (ContextEntry* e = from; e != until; e = e->next)
    if (e->id == id) return e;
  return nullptr;
}

ContextEntry* make_entry(ContextId id, std::string_view description) noexcept {
  auto* e = Slab::make<ContextEntry>();
  if (e == nullptr) return nullptr;
  e->id = id;
  e->text_size = static_cast<std::uint8_t>(std::min(description.size(), ContextEntry::max_description));
  std::copy_n(description.data(), e->text_size, e->text);  // of an empty one there may be no data at all
  return e;
}

}  // namespace

namespace {

constinit ContextTable the_table;
static_assert(std::is_trivially_destructible_v<ContextTable>);  // contexts of other files are destroyed after it

// Serves, always off, when there is no memory for an entry.
ContextEntry& nowhere() noexcept {
  alignas(ContextEntry) static std::byte memory[sizeof(ContextEntry)];
  static ContextEntry* const entry = new (memory) ContextEntry;  // never destroyed
  return *entry;
}

}  // namespace

ContextTable& contexts() noexcept { return the_table; }

ContextEntry& ContextTable::acquire(ContextId id, std::string_view description, std::optional<Level> level) noexcept {
  ContextEntry* seen = head_.load(std::memory_order_acquire);  // sync: contexts
  ContextEntry* entry = find(seen, nullptr, id);
  if (entry == nullptr) {
    ContextEntry* fresh = make_entry(id, description);
    if (fresh == nullptr) return nowhere();
    fresh->position = positions_.fetch_add(1, relaxed);
    if (level) fresh->wanted.store(static_cast<std::int8_t>(*level), relaxed);
    fresh->users.store(1, relaxed);
    prepare(*fresh);
    fresh->next = seen;
    while (!head_.compare_exchange_weak(fresh->next, fresh, std::memory_order_seq_cst, std::memory_order_acquire)) {
      // Others came first: one of them may have the same id. Then ours is never published and stays unused.
      entry = find(fresh->next, seen, id);
      if (entry != nullptr) break;
      seen = fresh->next;
    }
    if (entry == nullptr) {
      prepare(*fresh);  // once more: start() may have walked the list just before it was in it
      changes_.fetch_add(1, std::memory_order_release);
      return *fresh;
    }
  }
  entry->users.fetch_add(1, relaxed);
  if (level) {
    entry->wanted.store(static_cast<std::int8_t>(*level), relaxed);
    prepare(*entry);
  }
  changes_.fetch_add(1, std::memory_order_release);
  return *entry;
}

void ContextTable::release(ContextEntry& entry) noexcept {
  if (entry.users.fetch_sub(1, relaxed) == 1) changes_.fetch_add(1, std::memory_order_release);
}

void ContextTable::prepare(ContextEntry& e) noexcept {
  if (!started_.load(std::memory_order_seq_cst)) return;  // sync: contexts-started
  const std::uint32_t app = app_.load(relaxed);
  const std::uint32_t id = e.id.key();
  // Again if set_ecu came in between: it may have walked past this entry, or written to it before this store.
  for (std::uint32_t ecu = ~ecu_.load(); ecu != ecu_.load();) {  // sync: contexts-ecu (seq_cst)
    ecu = ecu_.load();
    e.data.word0.store(word0_of(ecu));
  }
  e.data.word1.store(__builtin_bswap32(session_.load(relaxed)), relaxed);
  e.data.word2.store((std::uint64_t{app} << 16) | (std::uint64_t{id & 0xffff} << 48), relaxed);
  e.data.word3.store(static_cast<std::uint16_t>(id >> 16), relaxed);
  auto level = static_cast<Level>(level_.load(relaxed));
  const auto initial = initial_.load(relaxed);
  const Level configured = initial != nullptr ? initial(e.id) : Level::by_default;
  const std::int8_t wanted = e.wanted.load(relaxed);
  if (wanted >= 0) level = static_cast<Level>(wanted);
  else if (configured != Level::by_default) level = configured;
  set_level(e, static_cast<std::int8_t>(level));
}

bool ContextTable::set_level(ContextEntry& e, std::int8_t level) noexcept {
  const bool changed = e.data.sent.exchange(level, std::memory_order_seq_cst) != level;
  // sync: contexts-started. stop() comes between: it has seen this level and turned it off, or is seen here.
  if (!started_.load(std::memory_order_seq_cst)) e.data.sent.store(0, std::memory_order_seq_cst);
  apply(e);
  return changed;
}

// What follows from `sent`. Of two that set it at once, the one that is later here sees what the other one has set.
void ContextTable::apply(ContextEntry& e) noexcept {
  std::int8_t sent = e.data.sent.load(std::memory_order_seq_cst);
  for (;;) {
    const std::int8_t recorded = started_.load(std::memory_order_seq_cst) ? recorded_.load(relaxed) : std::int8_t{0};
    for (std::uint8_t l = 0; l < recorder_lane; ++l)
      e.data.lanes[l].store(static_cast<std::uint8_t>(l <= sent ? l : l + recorder_lane), relaxed);
    e.data.level.store(std::max(sent, recorded), std::memory_order_seq_cst);
    const std::int8_t now = e.data.sent.load(std::memory_order_seq_cst);
    const bool on = started_.load(std::memory_order_seq_cst);
    if (now == sent && (on || recorded == 0)) return;
    sent = now;
  }
}

void ContextTable::start(const FrameIdentity& identity, Level level, Level (*initial)(ContextId),
                         Level recorded) noexcept {
  ecu_.store(identity.ecu.key(), relaxed);
  app_.store(identity.app.key(), relaxed);
  session_.store(identity.session, relaxed);
  level_.store(static_cast<std::int8_t>(level), relaxed);
  recorded_.store(static_cast<std::int8_t>(recorded), relaxed);
  initial_.store(initial, relaxed);
  started_.store(true, std::memory_order_seq_cst);  // sync: contexts-started
  for (ContextEntry* e = head(); e != nullptr; e = e->next) prepare(*e);
}

void ContextTable::stop() noexcept {
  started_.store(false, std::memory_order_seq_cst);
  for (ContextEntry* e = head(); e != nullptr; e = e->next) {
    e->data.sent.store(0, std::memory_order_seq_cst);  // sync: contexts-started
    apply(*e);
  }
}

void ContextTable::set_ecu(EcuId ecu) noexcept {
  ecu_.store(ecu.key());  // sync: contexts-ecu
  for (ContextEntry* e = head_.load(); e != nullptr; e = e->next) e->data.word0.store(word0_of(ecu.key()));
}

void ContextTable::after_fork_in_child(std::uint32_t session) noexcept {
  session_.store(session, relaxed);
  for (ContextEntry* e = head(); e != nullptr; e = e->next) {
    e->data.word1.store(__builtin_bswap32(session), relaxed);
    new (&e->callbacks_mutex) std::mutex;  // another thread of the parent may have been inside
    e->calling.store(nullptr, relaxed);
  }
}

}  // namespace dlt::detail
