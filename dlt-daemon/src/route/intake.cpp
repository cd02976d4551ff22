#include "route/intake.hpp"

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
  if (q == options_.quotas.end()) q = options_.quotas.find(AppId{});
  if (q == options_.quotas.end()) return true;
  if (buckets_.size() >= max_applications && !buckets_.contains(app)) app = {};
  Bucket& bucket = buckets_.try_emplace(app, Bucket{TokenBucket(q->second.rate, q->second.burst)}).first->second;
  if (bucket.tokens.try_take(size, now)) return true;
  ++bucket.dropped;
  return false;
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
    if (last_.size() < max_contexts) last_.emplace(key, Last{std::string(text)});
    return {};
  }
  if (known->second.message == text) {
    ++known->second.again;
    ++repetitions_;
    return {Verdict::repetition};
  }
  known->second.message = text;
  return {Verdict::pass, std::exchange(known->second.again, 0)};
}

std::vector<Intake::Due> Intake::take_due() {
  std::vector<Due> due;
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

}  // namespace dlt::daemon
