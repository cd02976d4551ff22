// A flight recorder as the library would leave it, made by hand, so that a test can also make one that no library
// would.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "dlt/proto/recorder.hpp"

namespace dlt::test {

class RecorderFile {
 public:
  explicit RecorderFile(std::uint32_t rings = 4, std::uint32_t segments = 3, std::uint32_t segment_size = 4096)
      : bytes_(proto::recorder::first_ring + std::uint64_t{rings} * segments * segment_size),
        segments_(segments),
        segment_size_(segment_size) {
    std::memcpy(bytes_.data(), proto::recorder::magic.data(), proto::recorder::magic.size());
    put32(8, proto::recorder::version);
    put32(12, 4711);
    put32(16, segment_size);
    put32(20, segments);
    put32(24, rings);
    std::memcpy(&bytes_.at(48), "APP1", 4);
  }

  // Where it lies; the offsets of its fields stand in proto/FORMAT.md.
  [[nodiscard]] std::uint64_t at(std::uint32_t ring, std::uint32_t segment) const {
    return proto::recorder::first_ring + (std::uint64_t{ring} * segments_ + segment) * segment_size_;
  }
  void segment(std::uint32_t ring, std::uint32_t index, std::uint32_t number, std::string_view frames,
               std::uint32_t buffer = 2) {
    const std::uint64_t to = at(ring, index);
    put32(to, static_cast<std::uint32_t>(frames.size()));
    put32(to + 8, number);
    put32(to + 12, buffer);
    std::memcpy(&bytes_.at(to + proto::recorder::segment_header_size), frames.data(), frames.size());
    if (proto::load_le<std::uint32_t>(&bytes_.at(28)) <= ring) put32(28, ring + 1);
  }
  void put32(std::uint64_t at, std::uint32_t v) { proto::store_le(&bytes_.at(at + 3) - 3, v); }
  void put64(std::uint64_t at, std::uint64_t v) { proto::store_le(&bytes_.at(at + 7) - 7, v); }
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }
  [[nodiscard]] std::uint32_t segment_size() const { return segment_size_; }
  [[nodiscard]] std::vector<std::byte>& bytes() { return bytes_; }

  // For Recording.
  [[nodiscard]] bool read(std::uint64_t at, std::span<std::byte> into) const {
    if (at > bytes_.size() || bytes_.size() - at < into.size()) return false;
    std::memcpy(into.data(), &bytes_[at], into.size());
    return true;
  }

  static constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | 0x0010;  // 0x0010: FUTURE_WRITE

  // As a memory file.
  [[nodiscard]] int descriptor(int seals = all_seals) const {
    const int fd = ::memfd_create("test-recorder", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(bytes_.size())) != 0) throw std::runtime_error("no memory file");
    if (::pwrite(fd, bytes_.data(), bytes_.size(), 0) != static_cast<ssize_t>(bytes_.size()))
      throw std::runtime_error("no bytes");
    if (::fcntl(fd, F_ADD_SEALS, seals) != 0) throw std::runtime_error("no seals");
    return fd;
  }

 private:
  std::vector<std::byte> bytes_;
  const std::uint32_t segments_;
  const std::uint32_t segment_size_;
};

}  // namespace dlt::test
