#include "route/frame_counter.hpp"

#include <new>

namespace dlt::daemon {

Volume* FrameCounter::look_up(std::uint64_t key) noexcept {
  std::array<std::byte, 8> ids{};
  proto::store_le(ids.data(), key);
  const auto app = AppId::from_bytes(ids.data());
  if (!registry_.may_use(app, user_)) return &foreign_;
  try {
    return &registry_.counter(app, ContextId::from_bytes(ids.data() + 4));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void FrameCounter::forget() noexcept {
  slots_.fill({});
  last_ = nullptr;
  generation_ = registry_.generation();
}

}  // namespace dlt::daemon
