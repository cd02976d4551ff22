// Several files as one, by time of reception; among equal times in the order of the files.
//
// Each file is taken to be in order: where one is not, its messages come in its own order. One record of each file is
// held, so memory is that of the readers. One thread.
#pragma once

#include <optional>
#include <vector>

#include "tools/record_reader.hpp"

namespace dlt::tools {

class MergedReader {
 public:
  explicit MergedReader(std::vector<RecordReader> readers);

  [[nodiscard]] std::optional<Record> next();

  [[nodiscard]] const std::vector<RecordReader>& readers() const noexcept { return readers_; }

 private:
  struct Head {
    std::int64_t time_us;
    std::size_t reader;
    Record record;

    // For a heap with the earliest on top.
    friend bool operator<(const Head& a, const Head& b) noexcept {
      return a.time_us != b.time_us ? a.time_us > b.time_us : a.reader > b.reader;
    }
  };

  void advance(std::size_t reader);

  std::vector<RecordReader> readers_;
  std::vector<Head> heads_;           // a heap
  std::optional<std::size_t> given_;  // the reader whose record was given last: it may move on now
};

}  // namespace dlt::tools
