// Messages on their way into a file: storage headers and frames back to back, and how long each one is.
//
//   Records       grows; handed from the io thread to a device's
//   RecordCache   the newest of them, within a number of bytes
//
// Pure; one thread at a time.
#pragma once

#include <array>
#include <deque>
#include <new>
#include <utility>
#include <vector>

#include "dlt/proto/header.hpp"
#include "route/message.hpp"

namespace dlt::daemon::logstorage {

struct Records {
  std::vector<std::byte> bytes;
  std::vector<std::uint32_t> sizes;  // each with its storage header

  [[nodiscard]] bool empty() const noexcept { return sizes.empty(); }
  // A storage header and the frame.
  void add(const std::array<std::byte, proto::storage_header_size>& header, proto::Bytes frame) {
    bytes.insert(bytes.end(), header.begin(), header.end());
    bytes.insert(bytes.end(), frame.begin(), frame.end());
    sizes.push_back(static_cast<std::uint32_t>(header.size() + frame.size()));
  }
};

// What throws std::bad_alloc leaves it as it was.
class RecordCache {
 public:
  explicit RecordCache(std::uint64_t capacity) : capacity_(capacity) {}

  // False: there is no room for it without overwriting.
  [[nodiscard]] bool fits(std::size_t size) const noexcept { return bytes() + size <= capacity_; }
  // The oldest make room; how many of them. A record that is larger than all of the cache is the only one then.
  std::uint64_t add(proto::Bytes record) {
    if (begin_ > capacity_) {  // seldom: each byte is moved once for each time the cache was filled
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
      begin_ = 0;
    }
    bytes_.insert(bytes_.end(), record.begin(), record.end());
    try {
      sizes_.push_back(static_cast<std::uint32_t>(record.size()));
    } catch (const std::bad_alloc&) {
      bytes_.resize(bytes_.size() - record.size());
      throw;
    }
    std::uint64_t overwritten = 0;
    for (; bytes() > capacity_ && sizes_.size() > 1; ++overwritten) {
      begin_ += sizes_.front();
      sizes_.pop_front();
    }
    return overwritten;
  }
  // All of it, oldest first; the cache is empty then and keeps no memory.
  [[nodiscard]] Records take() {
    Records out;
    out.sizes.assign(sizes_.begin(), sizes_.end());
    bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
    out.bytes = std::exchange(bytes_, {});
    sizes_.clear();
    begin_ = 0;
    return out;
  }
  void clear() noexcept {
    bytes_.clear();
    sizes_.clear();
    begin_ = 0;
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.size() - begin_; }
  [[nodiscard]] std::size_t records() const noexcept { return sizes_.size(); }

 private:
  const std::uint64_t capacity_;
  std::vector<std::byte> bytes_;
  std::deque<std::uint32_t> sizes_;
  std::size_t begin_ = 0;  // of the oldest
};

}  // namespace dlt::daemon::logstorage
