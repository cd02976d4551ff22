// An arena as the library would leave it, made by hand, so that a test can also make one that no library would.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "dlt/proto/arena.hpp"

namespace dlt::test {

namespace layout = proto::arena;

class ArenaFile {
 public:
  explicit ArenaFile(std::uint64_t size = 1 << 20) : bytes_(size) {
    std::memcpy(bytes_.data(), layout::magic.data(), layout::magic.size());
    put32(8, layout::version);
    put32(12, 4711);
    put32(16, layout::granule);
    put32(20, layout::slots_for(size));
    put64(24, layout::first_chunk_for(size));
    put64(32, layout::slots_at);
    put64(40, layout::first_chunk_for(size));
    slot(0, 3);  // as the library does for messages without a queue
  }

  // Returns where it lies; the offsets of its fields stand in proto/FORMAT.md.
  std::uint64_t slot(std::uint32_t index, std::uint32_t buffer) {
    const std::uint64_t at = layout::slots_at + index * layout::slot_size;
    put32(at, 1);
    put32(at + 4, buffer);
    return at;
  }
  std::uint64_t chunk(std::uint32_t slot, std::uint32_t number, std::string_view frames, std::uint32_t count,
                      std::uint32_t sent = 0, std::uint32_t sent_frames = 0, std::uint32_t state = 0) {
    const std::uint64_t at = used();
    put32(at, static_cast<std::uint32_t>(frames.size()));
    put32(at + 4, count);
    put32(at + 8, number);
    put32(at + 12, slot);
    put32(at + 16, layout::granule);
    put32(at + 64, sent);
    put32(at + 68, sent_frames);
    put32(at + 72, state);
    std::memcpy(&bytes_.at(at + layout::chunk_header_size), frames.data(), frames.size());
    put64(24, at + layout::granule);
    return at;
  }
  void carry(std::uint32_t slot, std::uint32_t chunk, std::uint32_t offset, std::string_view frames,
             std::uint32_t done = 0) {
    put32(layout::carry_at, static_cast<std::uint32_t>(frames.size()));
    put32(layout::carry_at + 4, done);
    put32(layout::carry_at + 8, slot);
    put32(layout::carry_at + 12, chunk);
    put32(layout::carry_at + 16, offset);
    std::memcpy(&bytes_.at(layout::carry_frames_at), frames.data(), frames.size());
  }
  // The ledger at this place, its first entry.
  void ledger(std::uint64_t at, std::uint64_t number, std::uint64_t frames) {
    put64(at, number), put64(at + 8, frames);
  }

  void put32(std::uint64_t at, std::uint32_t v) { proto::store_le(&bytes_.at(at + 3) - 3, v); }
  void put64(std::uint64_t at, std::uint64_t v) { proto::store_le(&bytes_.at(at + 7) - 7, v); }
  [[nodiscard]] std::uint64_t used() const { return proto::load_le<std::uint64_t>(&bytes_.at(24)); }
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }
  [[nodiscard]] std::vector<std::byte>& bytes() { return bytes_; }

  // For Salvage.
  [[nodiscard]] bool read(std::uint64_t at, std::span<std::byte> into) const {
    if (at > bytes_.size() || bytes_.size() - at < into.size()) return false;
    std::memcpy(into.data(), &bytes_[at], into.size());
    return true;
  }

  static constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | 0x0010;  // 0x0010: FUTURE_WRITE

  // As a memory file; `keep` gets a writable mapping of it, made before the seals.
  [[nodiscard]] int descriptor(int seals = all_seals, std::byte** keep = nullptr) const {
    const int fd = ::memfd_create("test-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ::ftruncate(fd, static_cast<off_t>(bytes_.size())) != 0) throw std::runtime_error("no memory file");
    void* p = ::mmap(nullptr, bytes_.size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) throw std::runtime_error("no mapping");
    std::memcpy(p, bytes_.data(), bytes_.size());
    if (::fcntl(fd, F_ADD_SEALS, seals) != 0) throw std::runtime_error("no seals");
    if (keep != nullptr) *keep = static_cast<std::byte*>(p);
    else ::munmap(p, bytes_.size());
    return fd;
  }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace dlt::test
