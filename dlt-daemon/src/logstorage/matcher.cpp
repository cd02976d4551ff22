#include "logstorage/matcher.hpp"

#include <algorithm>
#include <cassert>

namespace dlt::daemon::logstorage {

namespace {

template <class Id>
bool is_in(const std::vector<Id>& list, Id id) noexcept {
  return std::find(list.begin(), list.end(), id) != list.end();
}

bool is_excluded(const Filter& f, AppId app, ContextId context) noexcept {
  if (f.excluded_apps.empty() && f.excluded_contexts.empty()) return false;
  return (f.excluded_apps.empty() || is_in(f.excluded_apps, app)) &&
         (f.excluded_contexts.empty() || is_in(f.excluded_contexts, context));
}

bool takes(const Filter& f, AppId app, ContextId context, std::uint32_t ecu) noexcept {
  return (f.ecu.empty() || f.ecu.key() == ecu) && (f.apps.empty() || is_in(f.apps, app)) &&
         (f.contexts.empty() || is_in(f.contexts, context)) && !is_excluded(f, app, context);
}

}  // namespace

Matcher::Matcher(std::vector<Filter> filters, EcuId ecu) : filters_(std::move(filters)), ecu_(ecu.key()) {
  assert(filters_.size() <= 64 && "one bit for each filter");
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    const Filters bit = Filters{1} << i;
    if (filters_[i].disable_network) disable_network_ |= bit;
    for (std::size_t level = 0; level < for_level_.size(); ++level)
      if (static_cast<std::size_t>(filters_[i].level) >= level) for_level_[level] |= bit;
  }
}

Matcher::Filters Matcher::look_up(std::uint64_t ids, std::uint32_t ecu) const noexcept {
  std::array<std::byte, 8> bytes{};
  proto::store_le(bytes.data(), ids);
  const auto app = AppId::from_bytes(bytes.data());
  const auto context = ContextId::from_bytes(bytes.data() + 4);
  Filters all = 0;
  for (std::size_t i = 0; i < filters_.size(); ++i)
    if (filters_[i].stores() && takes(filters_[i], app, context, ecu)) all |= Filters{1} << i;
  return all;
}

std::int8_t Matcher::wanted_level(AppId app, ContextId context) const noexcept {
  std::int8_t level = -1;
  for (const Filter& f : filters_)
    if (f.level > 0 && takes(f, app, context, ecu_)) level = std::max(level, f.level);
  return level;
}

std::optional<std::int8_t> Matcher::reset_level(AppId app, ContextId context) const noexcept {
  for (const Filter& f : filters_)
    if (f.reset_level && takes(f, app, context, ecu_)) return f.reset_level;
  return std::nullopt;
}

}  // namespace dlt::daemon::logstorage
