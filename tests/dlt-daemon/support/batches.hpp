// Runs of numbered messages, and batches of them as the library sends them.
#pragma once

#include <string>
#include <vector>

#include "dlt-daemon/support/wire.hpp"
#include "dlt/proto/local.hpp"

namespace dlt::test {

inline std::string frames(std::uint32_t first, std::uint32_t count) {
  std::string all;
  for (std::uint32_t i = 0; i < count; ++i) all += frame(first + i);
  return all;
}

inline std::vector<std::uint32_t> range(std::uint32_t first, std::uint32_t count) {
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < count; ++i) all.push_back(first + i);
  return all;
}

inline std::string batch_of(std::uint32_t slot, std::uint32_t chunk, std::uint32_t offset, const std::string& all) {
  return encoded(proto::local::Batch{static_cast<std::uint32_t>(all.size()), slot, chunk, offset}) + all;
}

}  // namespace dlt::test
