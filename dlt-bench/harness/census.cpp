#include "harness/census.hpp"

#include <algorithm>

namespace dlt::bench {
namespace {

constexpr std::size_t storage_header = 16, ecu_at = 4, stamp_at = 12, app_at = 18;

std::string id_at(proto::Bytes frame, std::size_t at) {
  std::string id(reinterpret_cast<const char*>(frame.data() + at), 4);
  id.resize(std::min(id.size(), id.find('\0')));
  return id;
}

}  // namespace

std::uint64_t CensusResult::delivered() const noexcept {
  std::uint64_t sum = 0;
  for (const Resident& r : residents) sum += r.delivered;
  return sum;
}

std::uint64_t CensusResult::again() const noexcept {
  std::uint64_t sum = 0;
  for (const Resident& r : residents) sum += r.again;
  return sum;
}

Census::Census(const CensusPlan& plan) : plan_(plan), texts_(Texts::fixed(plan.payload)), seen_(plan.ecus.size()) {
  result_.residents.resize(plan.ecus.size());
}

void Census::read(proto::Bytes file) {
  ++result_.files;
  while (file.size() >= storage_header + proto::standard_header_size) {
    const std::size_t size = storage_header + proto::load_be<std::uint16_t>(file.data() + storage_header + 2);
    const bool header = proto::load_be<std::uint32_t>(file.data()) == 0x444c5401;  // "DLT\1"
    if (!header || size <= storage_header || size > file.size()) break;
    frame(file.subspan(storage_header, size - storage_header));
    file = file.subspan(size);
  }
  result_.torn_bytes += file.size();
}

void Census::frame(proto::Bytes frame) {
  const auto message = read_standard(frame);
  if (message && id_at(frame, app_at) == plan_.run) enter(*message, frame);
}

void Census::enter(const StandardMessage& m, proto::Bytes frame) {
  if (m.producer >= seen_.size()) {
    ++strangers_;
    return;
  }
  if (m.text != texts_.of(m.sequence)) ++torn_texts_;
  const std::string& ecu = plan_.ecus[m.producer];
  if (!ecu.empty() && id_at(frame, ecu_at) != ecu) ++foreign_;
  auto& seen = seen_[m.producer];
  Resident& r = result_.residents[m.producer];
  if (m.sequence < seen.size() && seen[m.sequence]) {
    ++r.again;
    return;
  }
  if (m.sequence < seen.size()) ++late_;
  else seen.resize(m.sequence + 1);
  seen[m.sequence] = true;
  const std::uint64_t stamp = proto::load_be<std::uint32_t>(frame.data() + stamp_at);
  if (r.delivered == 0) r.first_stamp = stamp;
  else if (stamp < r.last_stamp) ++clock_back_;
  r.last_stamp = std::max(r.last_stamp, stamp);
  ++r.delivered;
  result_.bytes += frame.size();
}

CensusResult Census::result() const {
  CensusResult r = result_;
  const auto fault = [&](std::uint64_t n, const char* what) {
    if (n != 0) r.faults.push_back(std::to_string(n) + what);
  };
  fault(late_, " messages stored after a later one of the same thread");
  fault(foreign_, " messages stored under the ECU id of another node");
  fault(strangers_, " messages of producers that there are not");
  fault(torn_texts_, " messages whose text is not that of their number");
  fault(clock_back_, " messages whose node's clock went back within one of its lives");
  return r;
}

}  // namespace dlt::bench
