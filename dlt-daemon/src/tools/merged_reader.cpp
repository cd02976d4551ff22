#include "tools/merged_reader.hpp"

#include <algorithm>

namespace dlt::tools {

MergedReader::MergedReader(std::vector<RecordReader> readers) : readers_(std::move(readers)) {
  for (std::size_t i = 0; i < readers_.size(); ++i) advance(i);
}

void MergedReader::advance(std::size_t reader) {
  const auto record = readers_[reader].next();
  if (!record) return;
  heads_.push_back({record->time_us(), reader, *record});
  std::push_heap(heads_.begin(), heads_.end());
}

std::optional<Record> MergedReader::next() {
  if (given_) advance(*given_);
  given_.reset();
  if (heads_.empty()) return std::nullopt;
  std::pop_heap(heads_.begin(), heads_.end());
  const Head head = heads_.back();
  heads_.pop_back();
  given_ = head.reader;
  return head.record;
}

}  // namespace dlt::tools
