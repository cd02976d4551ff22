// One application process of a walk, with the daemon that it talks to: started, brought into its situation, stepped
// through, its books closed. Private to suspension.cpp. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "harness/arrivals.hpp"
#include "harness/board.hpp"
#include "harness/covesa_daemon.hpp"
#include "harness/daemon.hpp"
#include "harness/held_thread.hpp"
#include "harness/relay.hpp"
#include "harness/scratch.hpp"
#include "harness/suspend_plan.hpp"
#include "harness/suspension.hpp"

namespace dlt::bench {

// What is there for all walks: daemons are started when they are needed first.
struct SuspensionScene {
  std::optional<Daemon> daemon;
  std::optional<Relay> relay;
  std::optional<CovesaDaemon> covesa;
  Scratch scratch;  // where nobody listens

  void need(const Walk& walk);
  [[nodiscard]] std::string address(const Walk& walk) const;
  [[nodiscard]] std::uint16_t client_port() const { return covesa ? covesa->port() : daemon->client_port(); }
  void signal_daemon(int number) const;
};

class SuspendedProcess {
 public:
  // Returns when its threads are ready and the situation is there.
  SuspendedProcess(SuspensionScene& scene, const Walk& walk);
  ~SuspendedProcess();
  SuspendedProcess(const SuspendedProcess&) = delete;
  SuspendedProcess& operator=(const SuspendedProcess&) = delete;

  // To the first breakpoint.
  void begin();
  // Up to the last one, holding where the walk wants it.
  void step_through(WalkResult& result);
  // So many instructions without a stop; then one of the two. False: the call has no more than that.
  [[nodiscard]] bool advance(std::uint64_t instructions);
  [[nodiscard]] WalkResult exit_here(std::uint64_t instruction);
  [[nodiscard]] WalkResult interrupt_here(std::uint64_t instruction);  // and on to the end
  void close_books(WalkResult& result);  // what the process itself counted, and what arrived

 private:
  [[nodiscard]] bool listens() const { return arrivals_.has_value() && !plan_.fill; }
  [[nodiscard]] bool wanted(std::uint64_t instruction);
  void hold(WalkResult& result, std::uint64_t instruction);
  [[nodiscard]] bool work_done();
  [[nodiscard]] bool finished() const;
  void ask();
  void wake_daemon();
  void request_level();
  void judge(bool good, double seconds, WalkResult& result, std::uint64_t instruction);
  [[nodiscard]] std::string place() const;
  [[nodiscard]] std::uint64_t delivered(unsigned producer) const;
  void count(WalkResult& result);
  void compare(WalkResult& result);

  SuspensionScene& scene_;
  const Walk walk_;
  BoardMemory board_;
  SuspendPlan plan_;
  std::optional<Arrivals> arrivals_;
  std::optional<Child> child_;
  std::optional<HeldThread> thread_;  // after the child: lets go before the child is ended
  std::uint64_t vdso_begin_ = 0, vdso_end_ = 0;
  std::map<std::uint64_t, unsigned> visits_;
  std::uint32_t asked_ = 0;
  std::uint32_t level_ = 4;
  bool lost_ = false;  // the held thread cannot go on: a handler never returned
};

}  // namespace dlt::bench
