// Which filters of a device take a message.
//
//   ids and ECU of the frame --> a small table --> filters for these ids  &  filters for this level
//
// Filters are asked one by one only for ids that are not in the table. A filter for any application and any context
// takes frames without ids, too. Like the incumbent's, the level is the number in MSIN, whatever the kind of message.
// Pure; one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dlt/proto/header.hpp"
#include "logstorage/filter.hpp"

namespace dlt::daemon::logstorage {

class Matcher {
 public:
  using Filters = std::uint64_t;  // bit n: filter n

  // At most 64 filters. `ecu`: of frames that name none.
  Matcher(std::vector<Filter> filters, EcuId ecu);

  // Of a whole frame that has been checked.
  [[nodiscard]] Filters match(const std::byte* frame) {
    const auto htyp = std::to_integer<std::uint8_t>(frame[0]);
    const bool has_ids = (htyp & proto::htyp::extended_header) != 0;
    const std::byte* const extended = frame + proto::headers_size(htyp) - proto::extended_header_size;
    const auto ids = has_ids ? proto::load_le<std::uint64_t>(extended + 2) : 0;
    const auto ecu = (htyp & proto::htyp::with_ecu) != 0 ? proto::load_le<std::uint32_t>(frame + 4) : ecu_;
    const auto level = has_ids ? proto::msin::info(std::to_integer<std::uint8_t>(extended[0])) : std::uint8_t{0};
    Slot& slot = slots_[((ids ^ ecu) * 0x9e3779b97f4a7c15ULL) >> 56];
    if (!slot.used || slot.ids != ids || slot.ecu != ecu) slot = {ids, ecu, true, look_up(ids, ecu)};
    return slot.filters & for_level_[level];
  }
  // Those whose messages are not for clients.
  [[nodiscard]] Filters disable_network() const noexcept { return disable_network_; }

  // The highest level that a filter wants of a context of this ECU; -1: none does.
  [[nodiscard]] std::int8_t wanted_level(AppId app, ContextId context) const noexcept;
  // What the context's level becomes when the device goes; nothing: what it was.
  [[nodiscard]] std::optional<std::int8_t> reset_level(AppId app, ContextId context) const noexcept;

  [[nodiscard]] const std::vector<Filter>& filters() const noexcept { return filters_; }

 private:
  struct Slot {
    std::uint64_t ids = 0;
    std::uint32_t ecu = 0;
    bool used = false;
    Filters filters = 0;
  };
  [[nodiscard]] Filters look_up(std::uint64_t ids, std::uint32_t ecu) const noexcept;

  std::vector<Filter> filters_;
  std::uint32_t ecu_;
  Filters disable_network_ = 0;
  std::array<Filters, 16> for_level_{};  // by MTIN
  std::array<Slot, 256> slots_{};
};

}  // namespace dlt::daemon::logstorage
