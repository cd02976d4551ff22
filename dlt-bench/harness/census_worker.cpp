// Reads a collecting daemon's stored files, in a process of its own: they are as large as memory allows.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "harness/census.hpp"
#include "harness/error.hpp"
#include "harness/json.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

namespace fs = std::filesystem;
constexpr Seconds read_limit{120};

std::vector<std::byte> read_file(const fs::path& path) {
  std::vector<std::byte> bytes(fs::file_size(path));
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

}  // namespace

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Resident, delivered, again, first_stamp, last_stamp)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CensusPlan, directory, run, ecus, payload)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CensusResult, residents, bytes, torn_bytes, files, faults)

void census_worker(Channel& channel) {
  const auto plan = Json::parse(channel.expect(10)).get<CensusPlan>();
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(plan.directory))
    if (entry.path().extension() == ".dlt") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  Census census(plan);
  for (const auto& file : files) census.read(read_file(file));
  channel.send(Json(census.result()).dump());
}

CensusResult read_census(const CensusPlan& plan) {
  Child worker = start_worker("census", Json(plan).dump());
  return Json::parse(worker.receive(read_limit)).get<CensusResult>();
}

}  // namespace dlt::bench
