// How many applications, and how many contexts of one, a daemon has at once: more and more until a step does not meet
// its limits: nobody is refused, everybody's messages are stored, within a minute.
#include <poll.h>

#include <algorithm>

#include "cases.hpp"
#include "harness/clock.hpp"
#include "harness/crew.hpp"
#include "harness/error.hpp"
#include "harness/growth.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/wire.hpp"

namespace dlt::bench {
namespace {

constexpr double limit_s = 60;
constexpr const char* settings =
    "MaxApplications = 8192\nMaxApplicationsPerUser = 8192\nMaxHandshakes = 8192\n"
    "MaxContexts = 262144\nMaxContextsPerUser = 262144\n";
constexpr std::uint64_t messages_each = 10;  // of an application

struct Step {
  unsigned applications = 1;
  std::uint64_t contexts = 1;  // of each
};

bool all_there(const DaemonStatus& status, const Step& step, std::uint64_t messages) {
  return status.connections >= step.applications && status.received >= messages;
}

Row run_step(const Load& load, const Step& step) {
  Row row;
  row.case_name = "max-connections";
  row.config = {
      {"applications", std::to_string(step.applications) + (step.applications == 1 ? " process" : " processes")},
      {"contexts", step.contexts > 1 ? std::to_string(step.contexts) + " contexts" : ""},
      {"sink", "zstd file"}};
  progress("max-connections: " + row.label(), 5);
  CrewOptions options;
  options.settings = settings;
  Crew crew(options);
  RecountPlan recount;
  for (unsigned i = 0; i < step.applications; ++i) {
    VisitPlan plan;
    plan.address = crew.daemon().unix_address();
    plan.run = recount.runs.emplace_back(next_run_id());
    plan.logger = load.logger;
    plan.contexts = step.contexts;
    plan.messages = std::max(step.contexts, messages_each);
    crew.join("visit", to_wire(plan));
  }
  crew.wait_ready();
  const pid_t daemon = crew.daemon().pid();
  const double rss_before = static_cast<double>(usage_of(daemon).rss_bytes);
  const double fds_before = static_cast<double>(open_descriptors(daemon));
  Sample& s = row.samples.emplace_back();
  std::uint64_t begin = ~std::uint64_t{0};
  for (const std::string& line : crew.ask("go")) {
    const auto r = from_wire<VisitResult>(line);
    Crew::enter(s, r.offered, r.books, r.flushed, r.usage);
    begin = std::min(begin, r.begin_ns);
  }
  // A connection is there, and takes messages, before the daemon has looked at it.
  DaemonStatus status = crew.daemon().status();
  const auto seconds = [&] { return static_cast<double>(now_ns() - begin) * 1e-9; };
  for (; !all_there(status, step, s.accepted) && seconds() < limit_s; status = crew.daemon().status())
    ::poll(nullptr, 0, 2);
  const double n = static_cast<double>(step.contexts > 1 ? step.contexts : step.applications);
  s.extra["accepted_s"] = seconds();
  s.extra["rss_each"] = (static_cast<double>(usage_of(daemon).rss_bytes) - rss_before) / n;
  s.extra["fds_each"] = (static_cast<double>(open_descriptors(daemon)) - fds_before) / step.applications;
  (void)crew.settle(s, begin, recount);
  crew.dismiss();
  row.faults = s.faults;
  if (status.connections != step.applications)
    row.faults.push_back(std::to_string(status.connections) + " connections instead of " +
                         std::to_string(step.applications));
  if (status.refused != 0) row.faults.push_back(std::to_string(status.refused) + " refused");
  if (s.extra["accepted_s"] > limit_s) row.faults.push_back("it took longer than " + human(limit_s) + " s");
  row.notes.push_back("all there, with their first messages, after " + human(s.extra["accepted_s"] * 1e3) +
                      " ms; the daemon has " + human(s.extra["rss_each"] / 1024) + " KiB for each " +
                      (step.contexts > 1 ? "context" : "connection, " + human(s.extra["fds_each"]) + " descriptors"));
  progress_done();
  return row;
}

// The last step that met its limits, 0 for none.
double search(const Load& load, const std::vector<Step>& steps, Numbers& numbers) {
  double held = 0;
  for (const Step& step : steps) {
    numbers.rows.push_back(run_step(load, step));
    if (!numbers.rows.back().faults.empty()) break;
    held = static_cast<double>(std::max<std::uint64_t>(step.applications, step.contexts));
  }
  return held;
}

}  // namespace

Numbers run_max_connections(const Load& load) {
  Numbers numbers;
  if (!load.daemon.empty()) {
    numbers.facts.emplace_back("max-connections", "left out: what a running daemon stores cannot be read back");
    return numbers;
  }
  raise_descriptor_limit();
  const unsigned most = load.threads.value_or(load.brief ? 64 : 1000);
  const std::uint64_t most_contexts = load.messages.value_or(load.brief ? 1000 : 10'000);
  std::vector<Step> applications, contexts;
  for (unsigned n = 1; n < most; n *= 8) applications.push_back({n, 1});
  applications.push_back({most, 1});
  for (std::uint64_t n = 100; n < most_contexts; n *= 10) contexts.push_back({1, n});
  contexts.push_back({1, most_contexts});
  const double held = search(load, applications, numbers);
  const double held_contexts = search(load, contexts, numbers);
  numbers.criteria.push_back({"max-connections, applications at once",
                              "",
                              {held, held, held},
                              double(most),
                              {},
                              false,
                              0,
                              "the last step that met its limits"});
  numbers.criteria.push_back({"max-connections, contexts of one application",
                              "",
                              {held_contexts, held_contexts, held_contexts},
                              double(most_contexts),
                              {},
                              false,
                              0,
                              ""});
  return numbers;
}

}  // namespace dlt::bench
