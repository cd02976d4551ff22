// Gets every message that is whole out of a stored file, whatever happened to the file.
//
//   record   "DLT\1" + 12 bytes | frame        storage/record.hpp says when it is believed
//   .zst     magic | ... | checksum            believed if it unpacks, the checksum included
//            of more than 1 MiB, not ours      as far as it unpacks
//
// After what is not believed the next "DLT\1", or the next zstd magic, is searched for. So damage costs the record (or
// the zstd frame) that it hit and no other one, except where a message happens to contain a "DLT\1". Bytes inside a
// plain message have no checksum: damage there is not noticed. Memory is bounded whatever the file claims: see
// large_frame.hpp. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "dlt/proto/bytes.hpp"

namespace dlt::daemon {

class Recovery {
 public:
  using Record = std::function<void(proto::Bytes)>;  // storage header and frame; valid during the call

  Recovery(bool compressed, Record record);
  ~Recovery();
  Recovery(const Recovery&) = delete;
  Recovery& operator=(const Recovery&) = delete;

  // The bytes of the file in any pieces, then end().
  void feed(proto::Bytes bytes);
  void end();

  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }
  [[nodiscard]] std::uint64_t skipped_bytes() const noexcept { return skipped_; }

 private:
  struct Unpacker;

  // How many of these bytes are dealt with; `last`: nothing follows them.
  [[nodiscard]] std::size_t unpack(proto::Bytes bytes, bool last);
  [[nodiscard]] std::size_t unpack_frame(proto::Bytes bytes);
  [[nodiscard]] std::size_t unpack_large(proto::Bytes bytes, bool last);
  void take_large(std::size_t size);
  void end_large();
  [[nodiscard]] std::size_t take(proto::Bytes bytes, bool last);
  void work(bool last);

  const Record record_;
  const std::unique_ptr<Unpacker> unpacker_;  // nothing: the file is not compressed
  std::vector<std::byte> bytes_;
  bool large_ = false;            // in a frame that is given as it unpacks
  std::vector<std::byte> plain_;  // of that: the last messages, which may not be whole yet
  std::size_t vain_ = 0;          // its last bytes, which have made nothing yet
  std::uint64_t records_ = 0;
  std::uint64_t skipped_ = 0;
};

}  // namespace dlt::daemon
