// `dlt-daemon control`: one control request, its answers, an exit code.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

#include "dlt/proto/framer.hpp"
#include "tools/connection.hpp"
#include "tools/control_options.hpp"
#include "tools/control_words.hpp"
#include "tools/tools.hpp"

namespace dlt::tools {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

void say(const std::string& what) { std::fprintf(stderr, "dlt-daemon control: %s\n", what.c_str()); }

// Sends and reads until everything has come or the limit has passed; why it could not go on, or nothing.
std::string converse(const ControlOptions& options, const Stop& stop, ControlExchange& exchange) {
  const auto end = steady_clock::now() + options.limit;
  const auto left = [&] { return std::max(duration_cast<milliseconds>(end - steady_clock::now()), milliseconds(0)); };
  std::string problem;
  auto connection = Connection::open(options.address, options.limit, stop, problem);
  if (!connection) return problem.empty() ? "interrupted" : problem;
  if (options.verbose) say("connected to " + options.address.text());
  if (const auto error = connection->send(exchange.to_send(), left())) return "cannot send: " + error.message();
  proto::Framer framer;
  std::vector<std::byte> bytes(64 * 1024);
  while (left() > milliseconds(0)) {
    const auto n = connection->receive(bytes, left());
    if (stop.asked()) return "interrupted";
    if (!n && n.error() == make_error_code(Errc::timed_out)) continue;
    if (!n) return "connection lost: " + n.error().message();
    if (*n == 0) return options.address.text() + " has closed the connection without an answer";
    framer.feed(proto::Bytes(bytes).first(*n));
    while (const auto frame = framer.next())
      if (exchange.take(frame->bytes)) return {};
  }
  if (exchange.answers() > 0) return {};  // a daemon that leaves the fence unanswered has said what it has to say
  return options.address.text() + " does not answer within " + std::to_string(options.limit.count()) + " ms";
}

std::string problem_of(const ControlOptions& options, const ControlExchange& exchange) {
  const bool snapshots = exchange.service() == proto::control::Service::snapshot;
  if (exchange.refusal() && snapshots && !exchange.text().empty())
    return "not all of it was done:\n" + success_words(exchange, "");
  if (exchange.refusal()) return refusal_words(*exchange.refusal());
  if (exchange.list_too_long()) return "the daemon says that its list is too long for a message";
  const auto* list = std::get_if<proto::control::GetLogInfo>(&options.asked.request);
  const bool restricted = list != nullptr && !(list->app.empty() && list->context.empty());
  if (exchange.answers() == 0 || (restricted && exchange.listed().empty())) return "no context matches";
  return {};
}

int tell(const ControlOptions& options, const ControlExchange& exchange, const std::string& problem) {
  const bool list = exchange.service() == proto::control::Service::get_log_info;
  std::string text;
  if (options.json) text = list && problem.empty() ? list_json(exchange.listed()) : result_json(exchange, problem);
  else if (problem.empty()) text = list ? list_table(exchange.listed()) : success_words(exchange, options.what) + "\n";
  std::fputs(text.c_str(), stdout);
  const bool written = std::fflush(stdout) == 0;
  if (!problem.empty()) say(problem);
  else if (!written && errno != EPIPE) say(std::string("cannot write to stdout: ") + std::strerror(errno));
  return problem.empty() && (written || errno == EPIPE) ? 0 : 1;
}

}  // namespace

int control(int argc, const char* const* argv) {
  const ControlOptions options = parse_control(argc, argv);
  if (options.early) return options.early->tell();
  const Stop stop;
  ControlExchange exchange(options.asked);
  std::string problem = converse(options, stop, exchange);
  if (problem.empty()) problem = problem_of(options, exchange);
  return tell(options, exchange, problem);
}

}  // namespace dlt::tools
