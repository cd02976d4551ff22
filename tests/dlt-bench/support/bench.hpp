// Runs dlt-bench as a whole and reads its result. The test's main thread.
#pragma once

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "support/child.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

using Json = nlohmann::json;

struct BenchResult {
  Outcome outcome;
  Json json;  // empty where it has written none
};

inline BenchResult bench(std::vector<std::string> words) {
  TempDir dir;
  words.insert(words.begin(), DLT_BENCH_PROGRAM);
  words.insert(words.end(), {"--json", dir / "result.json"});
  BenchResult r{run(words, {}, std::chrono::minutes(8)), {}};
  const std::string text = read_file(dir / "result.json");
  if (!text.empty()) r.json = Json::parse(text);
  return r;
}

// All that was accepted has arrived.
inline void check_books(const Json& row) {
  INFO(row.dump(1));
  CHECK(row.at("faults").empty());
  CHECK(row.at("unaccounted") == 0);
  CHECK(row.at("delivered") == row.at("accepted"));
  CHECK(row.at("dropped").empty());
}

}  // namespace dlt::test
