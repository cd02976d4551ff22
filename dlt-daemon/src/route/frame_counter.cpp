#include "route/frame_counter.hpp"

namespace dlt::daemon {

Volume& FrameCounter::look_up(std::uint64_t key) {
  std::array<std::byte, 8> ids{};
  proto::store_le(ids.data(), key);
  Volume& volume = registry_.counter(AppId::from_bytes(ids.data()), ContextId::from_bytes(ids.data() + 4));
  begin();  // making room for a new counter may have dropped old ones
  return volume;
}

void FrameCounter::forget() noexcept {
  slots_.fill({});
  last_ = nullptr;
  generation_ = registry_.generation();
}

}  // namespace dlt::daemon
