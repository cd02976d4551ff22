#include "route/intake.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "dlt/proto/header.hpp"

namespace dlt::daemon {

namespace {

bool is_above(std::uint8_t msin, Defaults highest) noexcept {
  switch (proto::msin::type(msin)) {
    case proto::MessageType::log: return proto::msin::info(msin) > highest.level;
    case proto::MessageType::app_trace:
    case proto::MessageType::network_trace: return highest.trace == 0;
    case proto::MessageType::control: return false;
  }
  return false;  // the four other numbers mean nothing
}

}  // namespace

void Intake::set_options(Options options) {
  options_ = std::move(options);
  active_ = options_.forced || !options_.quotas.empty() || options_.suppress_repetitions;
  if (!options_.suppress_repetitions)  // what comes from now on is not looked at
    for (auto& [ids, last] : last_) last.message.clear();
  // Buckets of another size begin anew; what they still have to tell goes on.
  for (auto& [app, bucket] : buckets_) {
    const auto q = options_.quotas.contains(app) ? options_.quotas.find(app) : options_.quotas.find(AppId{});
    bucket.tokens = q != options_.quotas.end() ? TokenBucket(q->second.rate, q->second.burst) : TokenBucket(0, 0);
  }
}

Intake::Judgement Intake::judge(proto::Bytes frame, std::size_t headers, Defaults defaults, Clock::time_point now) {
  if ((static_cast<std::uint8_t>(frame[0]) & proto::htyp::extended_header) == 0) return {};
  const std::byte* const extended = frame.data() + headers - proto::extended_header_size;
  if (options_.forced && is_above(static_cast<std::uint8_t>(*extended), defaults)) {
    ++above_level_;
    return {Verdict::above_level};
  }
  const auto ids = proto::load_le<std::uint64_t>(extended + 2);
  if (!options_.quotas.empty() && !within_quota(AppId::from_bytes(extended + 2), frame.size(), now)) {
    ++over_quota_;
    return {Verdict::over_quota};
  }
  if (!options_.suppress_repetitions) return {};
  return compare(ids, frame.subspan(headers - proto::extended_header_size));
}

bool Intake::within_quota(AppId app, std::size_t size, Clock::time_point now) {
  auto q = options_.quotas.find(app);
  const bool named = q != options_.quotas.end();
  if (!named) q = options_.quotas.find(AppId{});
  if (q == options_.quotas.end()) return true;
  if (!named && buckets_.size() >= max_applications && !buckets_.contains(app)) app = {};
  Bucket* const bucket = bucket_of(app, q->second);
  if (bucket == nullptr || bucket->tokens.try_take(size, now)) return true;
  ++bucket->dropped;
  return false;
}

// Nothing: there is no memory for a new one.
Intake::Bucket* Intake::bucket_of(AppId app, const Quota& quota) noexcept {
  try {
    return &buckets_.try_emplace(app, Bucket{TokenBucket(quota.rate, quota.burst)}).first->second;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// Nothing is a repetition of what there was no memory to keep.
void Intake::keep(Last& last, std::string_view message) noexcept {
  try {
    last.message = message;
  } catch (const std::bad_alloc&) {
    last.message.clear();
  }
}

Intake::Judgement Intake::compare(std::uint64_t key, proto::Bytes message) {
  // The ids in it are the same for the whole context.
  const auto known = last_.find(key);
  if (message.size() > longest_compared + proto::extended_header_size) {
    if (known == last_.end()) return {};
    known->second.message.clear();
    return {Verdict::pass, std::exchange(known->second.again, 0)};
  }
  const auto text = proto::as_text(message);
  if (known == last_.end()) {
    try {
      if (last_.size() < max_contexts) last_.emplace(key, Last{std::string(text)});
    } catch (const std::bad_alloc&) {  // the next one is compared
    }
    return {};
  }
  if (known->second.message == text) {
    ++known->second.again;
    ++repetitions_;
    return {Verdict::repetition};
  }
  keep(known->second, text);
  return {Verdict::pass, std::exchange(known->second.again, 0)};
}

std::vector<Intake::Due> Intake::take_due() {
  const auto drops = [](const auto& b) { return b.second.dropped != 0; };
  const auto repeats = [](const auto& l) { return l.second.again != 0; };
  std::vector<Due> due;  // its memory comes first: without it everything stays due
  due.reserve(static_cast<std::size_t>(std::count_if(buckets_.begin(), buckets_.end(), drops) +
                                       std::count_if(last_.begin(), last_.end(), repeats)));
  for (auto& [app, bucket] : buckets_)
    if (bucket.dropped != 0) due.push_back({app, {}, 0, std::exchange(bucket.dropped, 0)});
  for (auto& [key, last] : last_) {
    if (last.again == 0) continue;
    std::array<std::byte, 8> ids{};
    proto::store_le(ids.data(), key);
    due.push_back({AppId::from_bytes(ids.data()), ContextId::from_bytes(ids.data() + 4), std::exchange(last.again, 0)});
  }
  return due;
}

// Its bucket, and what it was compared with, are still there.
void Intake::owe(const Due& due) noexcept {
  if (const auto b = buckets_.find(due.app); due.over_quota != 0 && b != buckets_.end())
    b->second.dropped += due.over_quota;
  std::array<std::byte, 8> ids{};
  proto::ByteWriter out(ids);
  out.id(due.app);
  out.id(due.context);
  const auto last = last_.find(proto::load_le<std::uint64_t>(ids.data()));
  if (due.repetitions != 0 && last != last_.end()) last->second.again += due.repetitions;
}

}  // namespace dlt::daemon
