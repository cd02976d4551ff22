// What lies in the stored files of a collecting daemon, where a message may come twice and from several ECUs: for each
// producer how many different numbers there are, how many came again, and whether they are in order. A daemon that was
// killed may have left a torn end in a file. Census is pure; read_census() reads the files. One thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dlt/proto/ids.hpp"
#include "harness/message.hpp"
#include "harness/texts.hpp"

namespace dlt::bench {

// One who logs: a thread of a node in one of the node's lives.
struct Resident {
  std::uint64_t delivered = 0;                    // different numbers
  std::uint64_t again = 0;                        // numbers that had come before
  std::uint64_t first_stamp = 0, last_stamp = 0;  // of its own clock, tenths of a millisecond
};

struct CensusPlan {
  std::string directory;
  std::string run;                // application id
  std::vector<std::string> ecus;  // of each producer; an empty one is not looked at
  unsigned payload = 12;
};

struct CensusResult {
  std::vector<Resident> residents;
  std::uint64_t bytes = 0;       // frames of different messages
  std::uint64_t torn_bytes = 0;  // at the ends of files
  unsigned files = 0;
  std::vector<std::string> faults;

  [[nodiscard]] std::uint64_t delivered() const noexcept;
  [[nodiscard]] std::uint64_t again() const noexcept;
};

class Census {
 public:
  explicit Census(const CensusPlan& plan);

  // A stored file, whole or up to where its writer was killed.
  void read(proto::Bytes file);
  [[nodiscard]] CensusResult result() const;

 private:
  void frame(proto::Bytes frame);
  void enter(const StandardMessage& message, proto::Bytes frame);

  CensusPlan plan_;
  Texts texts_;
  CensusResult result_;
  std::vector<std::vector<bool>> seen_;
  std::uint64_t late_ = 0, foreign_ = 0, strangers_ = 0, torn_texts_ = 0, clock_back_ = 0;
};

// In a worker process.
[[nodiscard]] CensusResult read_census(const CensusPlan& plan);

}  // namespace dlt::bench
