#include "harness/suspended_logger.hpp"

#include "harness/error.hpp"

namespace dlt::bench {

std::unique_ptr<SuspendedLogger> make_suspended_logger(const SuspendPlan& plan, Board& board) {
  if (plan.logger == "dlt") return make_suspended_dlt(plan);
  if (plan.logger == "covesa") return make_suspended_covesa(plan);
  if (plan.logger == "mutex") return make_mutex_control(board);
  if (plan.logger == "mpsc") return make_mpsc_control(board);
  throw BenchError("no logger to suspend has the name " + plan.logger);
}

}  // namespace dlt::bench
