#include "sink/logstorage_sink.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <asio/post.hpp>
#include <new>

#include "insist.hpp"
#include "printable.hpp"

namespace dlt::daemon {

using logstorage::Device;
using logstorage::Matcher;

namespace {

constexpr std::size_t batch_bytes = 256 * 1024;  // then it is handed over without waiting for push()

// As the incumbent takes them; one name for each device.
std::string plain_path(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::array<std::byte, proto::storage_header_size> storage_header(std::int64_t received_us, EcuId ecu) noexcept {
  std::array<std::byte, proto::storage_header_size> header{std::byte{'D'}, std::byte{'L'}, std::byte{'T'},
                                                           std::byte{1}};
  proto::store_le(header.data() + 4, static_cast<std::uint32_t>(received_us / 1'000'000));
  proto::store_le(header.data() + 8, static_cast<std::uint32_t>(received_us % 1'000'000));
  proto::store_le(header.data() + 12, ecu.key());
  return header;
}

void answer_all(std::vector<LogstorageSink::Answer>& answers, LogstorageSink::Status status) {
  for (auto& answer : std::exchange(answers, {})) answer(status);
}

}  // namespace

LogstorageSink::LogstorageSink(asio::io_context& io, Options options)
    : io_(io), options_(std::move(options)), budget_(options_.cache) {}

LogstorageSink::~LogstorageSink() = default;

LogstorageSink::Slot* LogstorageSink::find(const std::string& path) noexcept {
  const auto it = std::find_if(slots_.begin(), slots_.end(), [&](const auto& s) { return s->path == path; });
  return it == slots_.end() ? nullptr : it->get();
}

// A device that has failed is remembered only as long as no other one needs its place.
bool LogstorageSink::make_room() {
  if (slots_.size() < options_.max_devices) return true;
  return std::erase_if(slots_, [](const auto& s) { return !s->device; }) > 0;
}

void LogstorageSink::connect(const std::string& given, Answer answer) {
  const std::string path = plain_path(given);
  if (path.empty() || path.front() != '/') {
    spdlog::error("logstorage: '{}' is no absolute path", printable(path, 100));
    return answer(Status::error);
  }
  Slot* slot = find(path);
  if (slot == nullptr) {
    if (!make_room()) {
      spdlog::error("logstorage: {} is not connected: {} devices are (OfflineLogstorageMaxDevices)", printable(path),
                    slots_.size());
      return answer(Status::error);
    }
    slot = slots_.emplace_back(std::make_unique<Slot>(path)).get();
  } else if (slot->device) {
    // As the incumbent does: disconnected, then connected with what the configuration says now.
    if (slot->state == State::connecting) return slot->answers.push_back(std::move(answer));
    answer_all(slot->again, Status::error);  // the last one counts
    slot->again.push_back(std::move(answer));
    if (slot->state == State::connected) begin_close(*slot, State::disconnecting);
    return;
  }
  slot->answers.push_back(std::move(answer));
  open(*slot);
}

// Without memory, or a thread, it is not connected.
void LogstorageSink::open(Slot& slot) {
  try {
    try_open(slot);
  } catch (const std::exception& e) {
    slot.state = State::failed;
    answer_all(slot.answers, Status::error);
    spdlog::error("logstorage: {} is not connected: {}", printable(slot.path), e.what());
  }
}

// What a device says is posted by its thread, which tries until there is memory for it; copies are made there (a
// capture that was const would be copied once more, by the io thread).
void LogstorageSink::try_open(Slot& slot) {
  slot.state = State::connecting;
  slot.last = {};
  slot.pushed = 0;
  slot.pending = {};
  slot.hold.emplace(options_.queue);
  Device::Options options = options_.device;
  options.path = slot.path;
  options.naming = options_.naming;
  Device::Events events;
  events.opened = [this, path = slot.path](const Device::Opened& opened) {
    insist([&] { asio::post(io_, [this, p = path, o = opened]() mutable { on_opened(p, std::move(o)); }); });
  };
  events.failed = [this, path = slot.path] { insist([&] { asio::post(io_, [this, p = path] { on_failed(p); }); }); };
  events.closed = [this, path = slot.path](bool good) {
    insist([&] { asio::post(io_, [this, p = path, good] { on_closed(p, good); }); });
  };
  slot.device = std::make_unique<Device>(std::move(options), budget_, std::move(events));
}

void LogstorageSink::on_opened(const std::string& path, Device::Opened opened) {
  Slot* const slot = find(path);
  if (slot == nullptr || !slot->device || slot->state != State::connecting) return;
  const std::size_t filters = opened.file.filters.size();
  if (opened.failure.empty()) take_filters(*slot, opened);
  if (!opened.failure.empty()) {
    auto answers = std::move(slot->answers);
    std::erase_if(slots_, [&](const auto& s) { return s.get() == slot; });
    answer_all(answers, Status::error);
    return spdlog::error("logstorage: {} is not connected: {}", printable(path), opened.failure);
  }
  for (const auto& warning : opened.file.warnings) spdlog::warn("logstorage: {}", warning);
  for (const auto& problem : opened.file.problems) spdlog::warn("logstorage: {}", problem);
  slot->state = State::connected;
  answer_all(slot->answers, opened.file.problems.empty() ? Status::ok : Status::warning);
  spdlog::info("logstorage: {} is connected, {} filters", printable(path), filters);
}

// Without memory for them the device is as good as not there.
void LogstorageSink::take_filters(Slot& slot, Device::Opened& opened) {
  try {
    slot.maintain = opened.file.maintain_level;
    slot.matcher.emplace(std::move(opened.file.filters), options_.ecu);
    options_.levels_changed();
  } catch (const std::bad_alloc&) {
    slot.matcher.reset();
    opened.failure = "no memory";
  }
}

void LogstorageSink::disconnect(const std::string& given, Answer answer) {
  Slot* const slot = find(plain_path(given));
  // As the incumbent does: nothing to do is done, unless every place for a device is another's.
  if (slot == nullptr) {
    const auto taken = std::count_if(slots_.begin(), slots_.end(), [](const auto& s) { return s->device != nullptr; });
    const bool room = static_cast<std::size_t>(taken) < options_.max_devices;
    return answer(room && given.starts_with('/') ? Status::ok : Status::error);
  }
  if (!slot->device) {  // it has failed, and is gone
    std::erase_if(slots_, [&](const auto& s) { return s.get() == slot; });
    return answer(Status::ok);
  }
  if (slot->state == State::connecting) return answer(Status::error);
  slot->answers.push_back(std::move(answer));
  if (slot->state == State::connected) begin_close(*slot, State::disconnecting);
}

void LogstorageSink::remove_filters(Slot& slot) {
  if (!slot.matcher) return;
  const Matcher gone = *std::move(slot.matcher);
  slot.matcher.reset();
  options_.reset_levels(gone);
  options_.levels_changed();
}

void LogstorageSink::begin_close(Slot& slot, State then) {
  hand_over(slot);
  slot.state = then;
  slot.device->close();
  remove_filters(slot);
}

void LogstorageSink::on_failed(const std::string& path) {
  Slot* const slot = find(path);
  if (slot == nullptr || slot->state != State::connected || !slot->device) return;  // it may have failed in stop()
  begin_close(*slot, State::failed);
}

void LogstorageSink::on_closed(const std::string& path, bool good) {
  Slot* const slot = find(path);
  if (slot == nullptr || !slot->device) return;
  const bool failed = slot->state == State::failed;
  try {
    slot->last = slot->device->status();
    spdlog::info("logstorage: {} is disconnected", printable(path));
  } catch (const std::bad_alloc&) {  // status and log have less to tell
  }
  slot->device.reset();
  tell_dropped(*slot);
  answer_all(slot->answers, good ? Status::ok : Status::error);
  if (!slot->again.empty()) {
    slot->answers = std::exchange(slot->again, {});
    return open(*slot);
  }
  if (!failed) std::erase_if(slots_, [&](const auto& s) { return s.get() == slot; });
}

void LogstorageSink::sync(const std::string& given, Answer answer) {
  const std::string path = plain_path(given);
  struct Asked {
    Answer answer;
    std::size_t open = 1;  // devices, and this function
    bool good = true;

    void done(bool one) {
      good = good && one;
      if (--open == 0) answer(good ? Status::ok : Status::error);
    }
  };
  const auto asked = std::make_shared<Asked>(Asked{std::move(answer)});
  for (const auto& slot : slots_) {
    if (slot->state != State::connected || (!path.empty() && slot->path != path)) continue;
    hand_over(*slot);
    ++asked->open;
    slot->device->sync(
        [this, asked](bool good) { insist([&] { asio::post(io_, [a = asked, good] { a->done(good); }); }); });
  }
  asked->done(true);
}

void LogstorageSink::accept(const FrameSpan& span, Clock::time_point now) {
  if (span.own) return;
  for (const auto& slot : slots_) {
    if (!slot->matcher) continue;
    look_at_queue(*slot);
    const std::size_t queued = slot->device->queued_bytes() + slot->pending.records.bytes.size();
    take(*slot, span, slot->hold->admit(queued, span.size, now));
  }
}

// Copies what is wanted; where there is no room, or no memory, counts it.
void LogstorageSink::take(Slot& slot, const FrameSpan& span, bool room) {
  const auto header = storage_header(span.received_us, span.ecu.empty() ? options_.ecu : span.ecu);
  Device::Batch& batch = slot.pending;
  for_each_frame(span.bytes(), [&](proto::Bytes frame) {
    const auto filters = slot.matcher->match(frame.data());
    if (filters == 0) return;
    if (room && batch.add(header, frame, filters)) return void(batch.routed = span.routed);
    ++slot.dropped;
    ++slot.dropping;
  });
  if (batch.records.bytes.size() >= batch_bytes) hand_over(slot);
}

void LogstorageSink::hand_over(Slot& slot) noexcept {
  if (slot.pending.filters.empty()) return;
  const std::uint64_t routed = slot.pending.routed;
  const std::size_t messages = slot.pending.filters.size();
  if (slot.device->push(std::exchange(slot.pending, {}))) {
    slot.pushed = routed;
    return;
  }
  slot.dropped += messages;
  slot.dropping += messages;
}

void LogstorageSink::push() {
  for (const auto& slot : slots_)
    if (slot->matcher) hand_over(*slot);
}

void LogstorageSink::look_at_queue(Slot& slot) noexcept {
  const std::size_t queued = slot.device->queued_bytes();
  slot.hold->drained(queued);
  if (queued == 0) tell_dropped(slot);
}

void LogstorageSink::tell_dropped(Slot& slot) noexcept {
  if (slot.dropping == 0) return;
  spdlog::warn("logstorage: {} was too slow, or there was no memory: {} messages are not stored", slot.path,
               std::exchange(slot.dropping, 0));
}

bool LogstorageSink::holds_back(Clock::time_point now) noexcept {
  bool holds = false;
  for (const auto& slot : slots_) {
    if (!slot->matcher) continue;
    look_at_queue(*slot);
    slot->hold->tick(now);
    holds = holds || slot->hold->state() == Hold::State::holding;
  }
  return holds;
}

std::uint64_t LogstorageSink::settled() const noexcept {
  std::uint64_t settled = all_settled;
  for (const auto& slot : slots_) {
    if (!slot->device || slot->hold->state() == Hold::State::dropping) continue;
    const std::uint64_t done = slot->device->settled();
    const std::uint64_t last = slot->pending.filters.empty() ? slot->pushed : slot->pending.routed;
    if (done != last) settled = std::min(settled, done);
  }
  return settled;
}

std::int8_t LogstorageSink::wanted_level(AppId app, ContextId context) const noexcept {
  std::int8_t level = -1;
  for (const auto& slot : slots_)
    if (slot->matcher) level = std::max(level, slot->matcher->wanted_level(app, context));
  return level;
}

bool LogstorageSink::maintains_levels() const noexcept {
  return std::all_of(slots_.begin(), slots_.end(), [](const auto& s) { return !s->matcher || s->maintain; });
}

bool LogstorageSink::keeps_from_clients() const noexcept {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const auto& s) { return s->matcher && s->matcher->disable_network() != 0; });
}

bool LogstorageSink::keeps_from_clients(const std::byte* frame) noexcept {
  return std::any_of(slots_.begin(), slots_.end(), [&](const auto& s) {
    return s->matcher && (s->matcher->match(frame) & s->matcher->disable_network()) != 0;
  });
}

std::vector<logstorage::DeviceStatus> LogstorageSink::status() const {
  std::vector<logstorage::DeviceStatus> all;
  for (const auto& slot : slots_) {
    logstorage::DeviceStatus status = slot->device ? slot->device->status() : slot->last;
    status.path = slot->path;
    status.state = slot->state;
    status.dropped += slot->dropped;
    all.push_back(std::move(status));
  }
  return all;
}

void LogstorageSink::stop() {
  for (const auto& slot : slots_) {
    if (slot->matcher) hand_over(*slot);
    slot->matcher.reset();
    slot->device.reset();  // writes everything
    tell_dropped(*slot);
  }
}

}  // namespace dlt::daemon
