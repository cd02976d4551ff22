// Where the io thread receives into: one slab at a time, filled from front to back by the reads of all applications, so
// that a small message holds on to few bytes of memory that nobody else uses.
//
//   slab | spans of earlier reads ... | carried | free ......... |
//                                     ^ a frame that the last read cut
//
// A slab that nobody refers to any more is filled again from its front: with no sinks, reads stay in the same, warm
// memory. The io thread's.
#pragma once

#include <cstring>

#include "dlt/proto/bytes.hpp"
#include "route/slab.hpp"

namespace dlt::daemon {

class ReadBuffer {
 public:
  explicit ReadBuffer(Pool& pool) noexcept : pool_(pool) {}

  struct Room {
    std::byte* begin;  // the carried bytes, then the free ones
    std::size_t carried;
    std::size_t free;  // >= min_free
  };
  // Room behind `carried`, which is copied unless it is the end of the last read.
  [[nodiscard]] Room room(proto::Bytes carried) {
    const bool in_place = slab_ && !carried.empty() && carried.data() + carried.size() == top();
    if (in_place && remaining() >= min_free) return {top() - carried.size(), carried.size(), remaining()};
    make_room(carried, in_place);
    if (!carried.empty()) std::memmove(top(), carried.data(), carried.size());
    keep_ = {};
    used_ += carried.size();
    return {top() - carried.size(), carried.size(), remaining()};
  }
  // n bytes have been received into the free room.
  void received(std::size_t n) noexcept { used_ += n; }
  // The slab of the last room().
  [[nodiscard]] const SlabRef& slab() const noexcept { return slab_; }

  static constexpr std::size_t min_free = 64 * 1024;

 private:
  [[nodiscard]] std::byte* top() const noexcept { return slab_.get()->memory().data() + used_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return slab_.get()->memory().size() - used_; }

  void make_room(proto::Bytes carried, bool in_place) {
    if (slab_ && slab_.unique()) {
      used_ = 0;  // nobody reads this slab; `carried` may lie in it, memmove copes
    } else if (!slab_ || in_place || remaining() < carried.size() + min_free) {
      keep_ = std::exchange(slab_, pool_.take());  // `carried` may lie in the old one until it has been copied
      used_ = 0;
    }
  }

  Pool& pool_;
  SlabRef slab_;
  SlabRef keep_;
  std::size_t used_ = 0;
};

}  // namespace dlt::daemon
