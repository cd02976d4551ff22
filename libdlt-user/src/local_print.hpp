// Messages on the application's own stdout, for developing without a viewer. The logging thread; may wait for stdout.
#pragma once

#include <cstddef>
#include <span>

namespace dlt::detail {

void print_locally(std::span<const std::byte> frame) noexcept;

}  // namespace dlt::detail
