#include "harness/crew.hpp"

#include <poll.h>
#include <sys/resource.h>

#include <algorithm>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds patience{300};
constexpr double silence_limit_s = 10;  // nothing new for so long: the rest will not come

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Crew::Crew(const CrewOptions& options)
    : daemon_(Daemon::start(DaemonPlan{options.store, options.tcp, -1, options.settings})), before_(daemon_.status()) {}

pid_t Crew::pid_of(std::size_t member) const {
  return std::next(members_.begin(), static_cast<std::ptrdiff_t>(member))->pid();
}

void Crew::join(const std::string& role, const std::string& plan) { members_.push_back(start_worker(role, plan)); }

void Crew::wait_ready() {
  for (Child& member : members_) (void)member.receive(patience, [this] { daemon_.check_alive(); });
  daemon_before_ = usage_of(daemon_.pid());
}

std::vector<std::string> Crew::ask(const std::string& line, const std::function<void()>& watch) {
  for (Child& member : members_) member.send(line);
  std::vector<std::string> answers;
  for (Child& member : members_)
    answers.push_back(member.receive(patience, [&] {
      daemon_.check_alive();
      if (watch) watch();
    }));
  return answers;
}

void Crew::dismiss() {
  for (Child& member : members_) member.send("end");
  for (Child& member : members_) (void)member.stop(0, Seconds(30));
  members_.clear();
}

void Crew::enter(Sample& s, std::uint64_t offered, const LoggerBooks& books, bool flushed, const Usage& usage) {
  s.offered += offered;
  s.accepted += books.accepted;
  for (const auto& [cause, n] : books.dropped)
    if (n != 0) s.dropped[cause] += n;
  s.writes += books.writes;
  s.application.cpu_s += usage.cpu_s;
  s.application.rss_bytes += usage.rss_bytes;
  s.application.peak_rss_bytes += usage.peak_rss_bytes;
  s.application.voluntary += usage.voluntary;
  s.application.involuntary += usage.involuntary;
  if (!books.closes) s.faults.emplace_back("the library's own books do not close");
  if (!flushed) s.faults.emplace_back("not flushed within the limit");
}

std::uint64_t Crew::wait_stored(std::uint64_t expected) {
  std::uint64_t last = 0, last_change = now_ns();
  for (;;) {
    const DaemonStatus d = daemon_.status();
    const std::uint64_t count = d.stored + d.store_dropped - before_.stored - before_.store_dropped;
    const std::uint64_t now = now_ns();
    // What is stored may be other than theirs, so that they must have been received as well.
    const std::uint64_t received = d.received - before_.received;
    if (count >= expected && received >= expected) return now;
    if (count + received != last) last = count + received, last_change = now;
    if (static_cast<double>(now - last_change) * 1e-9 > silence_limit_s) return last_change;
    ::poll(nullptr, 0, 5);
  }
}

RecountResult Crew::settle(Sample& s, std::uint64_t begin_ns, RecountPlan plan) {
  const std::uint64_t end_ns = wait_stored(s.accepted - s.dropped_total());
  const DaemonStatus after = daemon_.status();
  s.daemon = usage_of(daemon_.pid()).since(daemon_before_);
  s.seconds = static_cast<double>(std::max(end_ns, begin_ns + 1) - begin_ns) * 1e-9;
  if (after.store_dropped != before_.store_dropped)
    s.dropped["daemon_storage_queue"] = after.store_dropped - before_.store_dropped;
  if (const std::uint64_t garbage = after.garbage_bytes - before_.garbage_bytes; garbage != 0)
    s.faults.push_back("the daemon met " + std::to_string(garbage) + " bytes of garbage");
  daemon_.stop();
  plan.directory = daemon_.store_directory();
  Child reader = start_worker("recount", to_wire(plan));
  auto recount = from_wire<RecountResult>(reader.receive(patience));
  s.delivered = recount.delivered;
  s.delivered_bytes = recount.bytes;
  s.extra["stored_bytes"] = static_cast<double>(recount.file_bytes);
  s.faults.insert(s.faults.end(), recount.faults.begin(), recount.faults.end());
  s.unaccounted = static_cast<std::int64_t>(s.accepted) - static_cast<std::int64_t>(s.delivered) -
                  static_cast<std::int64_t>(s.dropped_total());
  if (s.unaccounted != 0)
    s.faults.push_back(std::to_string(s.unaccounted) + " messages unaccounted for: " + std::to_string(s.accepted) +
                       " accepted, " + std::to_string(s.delivered) + " stored, " + std::to_string(s.dropped_total()) +
                       " dropped");
  if (s.offered != s.accepted)
    s.faults.push_back(std::to_string(s.offered) + " offered, but " + std::to_string(s.accepted) + " accepted");
  return recount;
}

}  // namespace dlt::bench
