#include <array>
#include <sstream>

#include "harness/error.hpp"
#include "harness/json.hpp"
#include "harness/report.hpp"

namespace dlt::bench {
namespace {

using Ordered = nlohmann::ordered_json;

Ordered percentiles(const Percentiles& p) {
  return {{"count", p.count}, {"p50", p.p50}, {"p90", p.p90}, {"p99", p.p99}, {"p99.9", p.p999}, {"max", p.max}};
}

Ordered usage(const Usage& u) {
  return {{"cpu_s", u.cpu_s},
          {"peak_rss_bytes", u.peak_rss_bytes},
          {"context_switches", {{"voluntary", u.voluntary}, {"involuntary", u.involuntary}}}};
}

Ordered three(const Spread& s) { return {{"median", s.median}, {"min", s.min}, {"max", s.max}}; }

double share(const Sample& s) { return s.roofline_msgs_per_s > 0 ? s.msgs_per_s() / s.roofline_msgs_per_s : 0; }

double per_million(const Usage& u, const Sample& s) {
  return s.delivered != 0 ? u.cpu_s * 1e6 / static_cast<double>(s.delivered) : 0;
}

Ordered sample(const Sample& s) {
  Ordered j{
      {"seconds", s.seconds},
      {"offered", s.offered},
      {"accepted", s.accepted},
      {"delivered", s.delivered},
      {"delivered_bytes", s.delivered_bytes},
      {"dropped", s.dropped},
      {"unaccounted", s.unaccounted},
      {"msgs_per_s", s.msgs_per_s()},
      {"mb_per_s", s.mb_per_s()},
      {"call_ns", percentiles(s.call_ns)},
      {"burst_call_ns", percentiles(s.burst_call_ns)},
      {"clock_overhead_ns", s.clock_overhead_ns},
      {"e2e_us", percentiles(s.e2e_us)},
      {"cpu_s_per_million", s.cpu_s_per_million()},
      {"cpu_s_per_million_of", {{"application", per_million(s.application, s)}, {"daemon", per_million(s.daemon, s)}}},
      {"messages_per_writev", s.messages_per_write()},
      {"bytes_per_buffer", s.bytes_per_buffer()},
      {"peak_rss_bytes", {{"application", s.application.peak_rss_bytes}, {"daemon", s.daemon.peak_rss_bytes}}},
      {"application", usage(s.application)},
      {"daemon", usage(s.daemon)},
      {"client", usage(s.client)},
      {"roofline_share", share(s)}};
  for (const auto& [key, value] : s.extra) j["extra"][key] = value;
  for (const Moment& m : s.series) {
    j["series"]["t_s"].push_back(m.t_s);
    j["series"]["accepted"].push_back(m.accepted);
    j["series"]["dropped"].push_back(m.dropped);
    j["series"]["delivered"].push_back(m.delivered);
    j["series"]["backlog"].push_back(m.backlog());
  }
  if (!s.faults.empty()) j["faults"] = s.faults;
  return j;
}

// The repeat whose rate is the median one stands for the row; the spread of the rate and of the share goes with it.
Ordered row(const Row& r) {
  Ordered j{{"case", r.case_name}};
  for (const auto& [key, value] : r.config) j["config"][key] = value;
  if (!r.samples.empty()) {
    const double median = spread(r, &Sample::msgs_per_s).median;
    const Sample* middle = &r.samples.front();
    for (const auto& s : r.samples)
      if (std::abs(s.msgs_per_s() - median) < std::abs(middle->msgs_per_s() - median)) middle = &s;
    j.update(sample(*middle));
    j["msgs_per_s_spread"] = three(spread(r, &Sample::msgs_per_s));
    j["roofline_share_spread"] = three(spread(r, share));
    j["cpu_s_per_million_spread"] = three(spread(r, &Sample::cpu_s_per_million));
    for (const auto& s : r.samples) j["repeats"].push_back(sample(s));
  }
  j["peer"] = r.peer;
  j["noisy"] = r.noisy;
  j["notes"] = r.notes;
  j["faults"] = r.faults;
  return j;
}

Ordered criterion(const Criterion& c) {
  Ordered j{{"what", c.what},
            {"unit", c.unit},
            {"measured", three(c.measured)},
            {"target", c.target},
            {"better", c.at_most ? "less" : "more"},
            {"met", c.met()},
            {"roofline_share", c.roofline_share}};
  if (c.stretch) j["stretch"] = *c.stretch, j["stretch_met"] = c.stretch_met();
  if (!c.remark.empty()) j["remark"] = c.remark;
  return j;
}

std::string quoted(const std::string& text) {
  std::string q = "\"";
  for (const char c : text) q += c == '"' ? std::string("\"\"") : std::string(1, c);
  return q + "\"";
}

// "full:5 timed_out:3"
std::string by_cause(const Sample& s) {
  std::string text;
  for (const auto& [cause, n] : s.dropped) text += (text.empty() ? "" : " ") + cause + ":" + std::to_string(n);
  return text;
}

}  // namespace

std::string to_json(const Report& report) {
  Ordered j{{"schema", json_schema_version}, {"program", "dlt-bench"}};
  for (const auto& [key, value] : report.facts) j["machine"][key] = value;
  for (const auto& [key, value] : report.numbers.facts) j["facts"][key] = value;
  j["cannot_run"] = report.numbers.cannot_run;
  j["rows"] = Ordered::array();
  for (const auto& r : report.numbers.rows) j["rows"].push_back(row(r));
  j["criteria"] = Ordered::array();
  for (const auto& c : report.numbers.criteria) j["criteria"].push_back(criterion(c));
  j["good"] = report.numbers.good();
  return j.dump(2) + "\n";
}

std::string to_csv(const Report& report) {
  std::ostringstream out;
  out.precision(10);
  out << "case,config,repeat,seconds,offered,accepted,delivered,dropped,dropped_by_cause,unaccounted,msgs_per_s,mb_per_"
         "s,roofline_share,"
         "call_ns_p50,call_ns_p90,call_ns_p99,call_ns_p99.9,call_ns_max,e2e_us_p50,e2e_us_p90,e2e_us_p99,e2e_us_max,"
         "cpu_s_per_million,cpu_s_per_million_application,cpu_s_per_million_daemon,messages_per_writev,bytes_per_"
         "buffer,"
         "context_switches,application_peak_rss_bytes,daemon_peak_rss_bytes,noisy,faults\n";
  for (const auto& r : report.numbers.rows) {
    for (std::size_t i = 0; i < r.samples.size(); ++i) {
      const Sample& s = r.samples[i];
      out << r.case_name << ',' << quoted(r.label()) << ',' << i + 1 << ',' << s.seconds << ',' << s.offered << ','
          << s.accepted << ',' << s.delivered << ',' << s.dropped_total() << ',' << quoted(by_cause(s)) << ','
          << s.unaccounted << ',' << s.msgs_per_s() << ',' << s.mb_per_s() << ',' << share(s) << ',' << s.call_ns.p50
          << ',' << s.call_ns.p90 << ',' << s.call_ns.p99 << ',' << s.call_ns.p999 << ',' << s.call_ns.max << ','
          << s.e2e_us.p50 << ',' << s.e2e_us.p90 << ',' << s.e2e_us.p99 << ',' << s.e2e_us.max << ','
          << s.cpu_s_per_million() << ',' << per_million(s.application, s) << ',' << per_million(s.daemon, s) << ','
          << s.messages_per_write() << ',' << s.bytes_per_buffer() << ',' << s.context_switches() << ','
          << s.application.peak_rss_bytes << ',' << s.daemon.peak_rss_bytes << ',' << (r.noisy ? 1 : 0) << ','
          << s.faults.size() << '\n';
    }
  }
  return out.str();
}

std::vector<std::string> regressions(const Report& report, const std::string& baseline_json, double tolerance) {
  Json baseline;
  try {
    baseline = Json::parse(baseline_json);
    if (baseline.at("schema") != json_schema_version) throw BenchError("the baseline has another schema version");
  } catch (const Json::exception& e) {
    throw BenchError(std::string("the baseline is not a result of dlt-bench: ") + e.what());
  }
  std::map<std::string, double> before;
  const auto label = [](const Json& r) {
    return r.at("case").get<std::string>() + "/" + r.value("config", Json{}).dump();
  };
  for (const auto& r : baseline.at("rows"))
    if (r.contains("roofline_share_spread")) before[label(r)] = r["roofline_share_spread"].at("median");
  std::vector<std::string> worse;
  for (const auto& r : report.numbers.rows) {
    const double now = spread(r, share).median;
    const auto then = before.find(label(Json::parse(row(r).dump())));
    if (now <= 0 || then == before.end() || then->second <= 0) continue;
    if (now < then->second * (1 - tolerance))
      worse.push_back(r.case_name + " (" + r.label() + "): " + human(now) + " x roofline, was " + human(then->second));
  }
  return worse;
}

}  // namespace dlt::bench
