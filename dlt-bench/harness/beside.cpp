#include "harness/beside.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "harness/error.hpp"

namespace dlt::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Figure {
  const char* name;
  double (*of)(const Json& row);
};
constexpr std::array figures{
    Figure{"messages/s", [](const Json& r) { return r.at("msgs_per_s").get<double>(); }},
    Figure{"MB/s", [](const Json& r) { return r.at("mb_per_s").get<double>(); }},
    Figure{"log call p50, ns", [](const Json& r) { return r.at("call_ns").at("p50").get<double>(); }},
    Figure{"log call p99.9, ns", [](const Json& r) { return r.at("call_ns").at("p99.9").get<double>(); }},
    Figure{"CPU s per million messages", [](const Json& r) { return r.at("cpu_s_per_million").get<double>(); }},
    Figure{"peak memory of the daemon, MB",
           [](const Json& r) { return r.at("peak_rss_bytes").at("daemon").get<double>() * 1e-6; }},
};

// Of ours, with everything delivered; prepared frames are no log calls.
bool counts(const Json& row) {
  return !row.value("peer", false) && row.at("faults").empty() && row.at("case") != "roofline" &&
         row.at("delivered").get<double>() > 0;
}

const Json* fastest(const Json& result) {
  const Json* best = nullptr;
  for (const Json& row : result.at("rows"))
    if (counts(row) && (best == nullptr || row.at("msgs_per_s") > best->at("msgs_per_s"))) best = &row;
  return best;
}

std::string named(const Json& row) {
  std::string text = " (" + row.at("case").get<std::string>() + ":";
  std::string comma = " ";
  for (const auto& [key, value] : row.at("config").items()) text += comma + value.get<std::string>(), comma = ", ";
  return text + ")";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> beside(const Report& report, const std::string& json) {
  try {
    const Json here = Json::parse(to_json(report)), there = Json::parse(json);
    if (there.at("schema") != json_schema_version) throw BenchError("the result to compare with has another schema");
    const Json* ours = fastest(here);
    const Json* theirs = fastest(there);
    if (ours == nullptr || theirs == nullptr) return {{"beside the DLT suite", "one of the two has no row to compare"}};
    std::vector<std::pair<std::string, std::string>> lines;
    for (const Figure& f : figures) {
      const double a = f.of(*ours), b = f.of(*theirs);
      lines.emplace_back(
          std::string("beside the DLT suite, ") + f.name,
          human(a) + named(*ours) + ", there " + human(b) + named(*theirs) + (b > 0 ? ", " + human(a / b) + " x" : ""));
    }
    return lines;
  } catch (const Json::exception& e) {
    throw BenchError(std::string("what to compare with is not a result of dlt-bench: ") + e.what());
  }
}

}  // namespace dlt::bench
