// Several processes of ours that log to one private daemon, which stores what comes; and its files read back.
//
//   Crew crew({…});  crew.join("work", plan) …;  crew.wait_ready();
//   const auto results = crew.ask("go");          a line from each, in the order in which they joined
//   crew.enter(sample, …) for each;  crew.settle(sample, begin_ns, recount);  crew.dismiss();
//
// Everything here throws BenchError when a process or the daemon ends before its time or a limit passes. One thread.
#pragma once

#include <functional>
#include <list>
#include <string>
#include <vector>

#include "case.hpp"
#include "harness/crew_plan.hpp"
#include "harness/daemon.hpp"

namespace dlt::bench {

struct CrewOptions {
  Store store = Store::zstd;
  bool tcp = false;      // applications may come by TCP
  std::string settings;  // further lines of the daemon's configuration
};

class Crew {
 public:
  explicit Crew(const CrewOptions& options = {});

  [[nodiscard]] Daemon& daemon() noexcept { return daemon_; }
  [[nodiscard]] const Scratch& scratch() const noexcept { return scratch_; }  // of the members
  [[nodiscard]] std::size_t size() const noexcept { return members_.size(); }
  [[nodiscard]] pid_t pid_of(std::size_t member) const;

  void join(const std::string& role, const std::string& plan);
  // Each has said that it is ready; the daemon's use of the machine counts from here.
  void wait_ready();
  // Sends the line to all, then waits for a line from each. Calls `watch` about ten times a second.
  [[nodiscard]] std::vector<std::string> ask(const std::string& line, const std::function<void()>& watch = {});
  void dismiss();

  // Adds what a member says of itself to the books.
  static void enter(Sample& sample, std::uint64_t offered, const LoggerBooks& books, bool flushed, const Usage& usage);
  // Waits until the daemon has stored all that it is to get, ends it, reads the files back, closes the books. The
  // sample's time ends when everything was stored. `plan` needs no directory.
  RecountResult settle(Sample& sample, std::uint64_t begin_ns, RecountPlan plan);

 private:
  std::uint64_t wait_stored(std::uint64_t expected);

  Scratch scratch_;
  Daemon daemon_;
  DaemonStatus before_;
  Usage daemon_before_;
  std::list<Child> members_;
};

// So many open files as this process and its children may have: crews are large. Once is enough.
void raise_descriptor_limit();

}  // namespace dlt::bench
