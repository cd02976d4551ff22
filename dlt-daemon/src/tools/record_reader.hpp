// The messages of a stored file, one after the other; what is damaged between them is skipped and told.
//
// next() gives whole records only (storage/record.hpp says when one is believed). With `follow` the end is where the
// file ends now: a record that is not whole yet is waited for, and next() is called again when there may be more. Each
// run of skipped bytes is told once, when the next record or the end is reached. Memory: about 1 MiB. One thread.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "dlt/proto/header.hpp"
#include "tools/source.hpp"

namespace dlt::tools {

// Storage header and frame, valid until the next call of next().
struct Record {
  proto::Bytes bytes;

  [[nodiscard]] proto::Bytes frame() const noexcept { return bytes.subspan(proto::storage_header_size); }
  [[nodiscard]] proto::StorageHeader storage() const noexcept {
    const std::byte* b = bytes.data();
    return {proto::load_le<std::uint32_t>(b + 4), static_cast<std::int32_t>(proto::load_le<std::uint32_t>(b + 8)),
            EcuId::from_bytes(b + 12)};
  }
  // Microseconds since 1970.
  [[nodiscard]] std::int64_t time_us() const noexcept {
    const auto s = storage();
    return std::int64_t{s.seconds} * 1'000'000 + s.microseconds;
  }
};

class RecordReader {
 public:
  // `skipped`: offsets in what the source gives.
  RecordReader(std::unique_ptr<Source> source, OnSkipped skipped, bool follow = false);

  [[nodiscard]] std::optional<Record> next();

  [[nodiscard]] const InputFile& file() const noexcept { return source_->file(); }
  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }

 private:
  [[nodiscard]] proto::Bytes rest() const noexcept { return proto::Bytes(buffer_).subspan(at_, end_ - at_); }
  [[nodiscard]] bool fill();
  void tell_skipped();

  std::unique_ptr<Source> source_;
  OnSkipped skipped_;
  bool follow_;
  std::vector<std::byte> buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;  // of rest()
  std::uint64_t skipped_bytes_ = 0;
  std::uint64_t records_ = 0;
};

}  // namespace dlt::tools
