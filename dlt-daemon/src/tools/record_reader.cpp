#include "tools/record_reader.hpp"

#include <cstring>

#include "storage/record.hpp"

namespace dlt::tools {

namespace {
constexpr std::size_t buffer_size = 1024 * 1024;
}

RecordReader::RecordReader(std::unique_ptr<Source> source, OnSkipped skipped, bool follow)
    : source_(std::move(source)), skipped_(std::move(skipped)), follow_(follow), buffer_(buffer_size) {}

std::optional<Record> RecordReader::next() {
  for (bool more = true;;) {
    while (more && end_ - at_ < daemon::record_view) more = fill();
    const auto here = rest();
    if (const std::size_t size = daemon::record_size(here); size > 0) [[likely]] {
      if (skipped_bytes_ > 0) tell_skipped();
      at_ += size;
      offset_ += size;
      ++records_;
      return Record{here.first(size)};
    }
    if (here.empty() || (follow_ && daemon::may_become_record(here))) {
      if (!follow_) tell_skipped();
      return std::nullopt;
    }
    const std::size_t next = daemon::find_magic(here, daemon::record_magic, 1, !more && !follow_);
    at_ += next;
    offset_ += next;
    skipped_bytes_ += next;
  }
}

bool RecordReader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  for (;;) {
    const std::size_t n = source_->read(std::span(buffer_).subspan(end_));
    end_ += n;
    if (n > 0) return true;
    if (follow_ || !source_->end()) return false;
  }
}

void RecordReader::tell_skipped() {
  if (skipped_bytes_ == 0) return;
  skipped_(offset_ - skipped_bytes_, skipped_bytes_, "no message");
  skipped_bytes_ = 0;
}

}  // namespace dlt::tools
