// What has arrived, per producer: unique, in order, whole.
//
// The sequence numbers of a producer must rise. A gap is a loss that somebody must have counted; a number that does not
// rise is a duplicate or out of order, and a fault in itself. A text that is not the one of its number is a torn
// message. Survivors are told by the ends: `head` messages from 0 on without a gap, `tail` messages up to the
// highest number without a gap. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/message.hpp"
#include "harness/texts.hpp"

namespace dlt::bench {

struct Producer {
  std::uint64_t delivered = 0;
  std::uint64_t next = 0;     // after the highest sequence number that was seen
  std::uint64_t missing = 0;  // in gaps, as far as seen
  std::uint64_t head = 0;
  std::uint64_t tail = 0;
};

class Ledger {
 public:
  Ledger(std::size_t producers, const Texts& texts) : producers_(producers), texts_(&texts) {}

  void enter(const StandardMessage& m, std::size_t frame_bytes) noexcept {
    if (m.producer >= producers_.size()) {
      ++strangers_;
      return;
    }
    Producer& p = producers_[m.producer];
    if (m.text != texts_->of(m.sequence)) {
      ++torn_;
      return;
    }
    if (m.sequence != p.next) [[unlikely]] {
      if (m.sequence < p.next) {
        ++backwards_;
        return;
      }
      p.missing += m.sequence - p.next;
      p.tail = 0;
    }
    p.next = m.sequence + 1;
    ++p.delivered, ++p.tail;
    if (p.missing == 0) ++p.head;
    ++delivered_, bytes_ += frame_bytes;
  }
  void enter_corrupt() noexcept { ++corrupt_; }

  [[nodiscard]] std::uint64_t delivered() const noexcept { return delivered_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] const std::vector<Producer>& producers() const noexcept { return producers_; }
  // One sentence for each kind of fault; empty when everything that arrived was as it should be.
  [[nodiscard]] std::vector<std::string> faults() const;

 private:
  std::vector<Producer> producers_;
  const Texts* texts_;
  std::uint64_t delivered_ = 0, bytes_ = 0;
  std::uint64_t backwards_ = 0, torn_ = 0, strangers_ = 0, corrupt_ = 0;
};

}  // namespace dlt::bench
