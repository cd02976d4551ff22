// Library and daemon together: the books close, messages keep their order, a stopped client costs nobody else anything,
// a daemon may go and come back.
#include <catch2/catch.hpp>

#include <signal.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>
#include <vector>

#include "end_to_end/app.hpp"
#include "support/client.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

using namespace std::chrono_literals;

// The full size unless a sanitizer makes every message some fifty times dearer.
constexpr std::uint64_t sized(std::uint64_t full) {
#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN) || defined(DLT_TEST_SMALL)
  return full / 50;
#else
  return full;
#endif
}

// What arrived of one burst: per thread the sequence numbers must rise.
struct Arrivals {
  std::map<std::uint32_t, std::uint64_t> count;
  std::map<std::uint32_t, std::uint64_t> last;
  std::map<std::uint32_t, std::uint64_t> first;
  std::uint64_t total = 0;
  std::uint64_t disorder = 0;  // repeated or overtaken

  void add(const Numbered& n) {
    ++total;
    if (count[n.thread]++ == 0) first[n.thread] = n.sequence;
    else if (n.sequence <= last[n.thread]) ++disorder;
    last[n.thread] = n.sequence;
  }
};

// Reads until the message of the application's "say info END".
Arrivals read_to_end(Client& client, const std::string& end = "END") {
  Arrivals arrivals;
  const bool ended = client.read_until([&](const ReceivedFrame& frame) {
    if (const auto n = numbered(frame)) arrivals.add(*n);
    return frame.extended.context == ContextId("MAIN") && only_text(frame) == end;
  });
  REQUIRE(ended);
  return arrivals;
}

// The reader of a client that shall lose nothing, however slow this machine is: the daemon waits for it.
const Daemon::Settings patient{{"ClientStallLimit", "60000"}, {"ClientTimeout", "3600"}};

const App::Environment blocking{{"DLT_USER_OVERFLOW_MODE", "2"}, {"DLT_USER_TIMEOUT_MS", "600000"}};

}  // namespace

TEST_CASE("a stopped client costs another one nothing: it gets every message, in order, once") {
  const std::uint64_t messages = sized(1'000'000);
  constexpr std::uint64_t step = 10'000;  // fits the good client's queue: it loses nothing because this machine is slow
  Daemon daemon(DLT_DAEMON, {{"ClientQueueSize", "4M"}, {"ClientTimeout", "3600"}});
  daemon.start();
  Client good(daemon.port());
  Child stopped({.command = {"dlt-receive", "-a", "-p", daemon.port_text(), "127.0.0.1"}});
  REQUIRE(eventually([&] { return status(daemon).clients.size() == 2; }));
  stopped.send(SIGSTOP);
  App app(daemon, blocking);

  Arrivals arrivals;
  for (std::uint64_t first = 0; first < messages; first += step) {
    app.ask("burst 1 " + std::to_string(step) + " " + std::to_string(first));
    const bool all = good.read_until([&](const ReceivedFrame& frame) {
      if (const auto n = numbered(frame)) arrivals.add(*n);
      return arrivals.total == first + step;
    });
    REQUIRE(all);
  }

  CHECK(arrivals.total == messages);
  CHECK(arrivals.disorder == 0);
  CHECK(arrivals.first[0] == 0);
  CHECK(arrivals.last[0] == messages - 1);
  CHECK(good.rubbish() == 0);
  const Books books = app.books();
  CHECK(books.dropped() == 0);
  CHECK(books.close());
  std::cout << messages << " messages reached the client that reads\n";
  stopped.send(SIGCONT);
}

TEST_CASE("the books of 8 threads close in every overflow mode, and nothing is lost where the caller waits") {
  const std::uint64_t each = sized(1'000'000);
  const auto mode = GENERATE(0, 1, 2);
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  App app(daemon, {{"DLT_USER_OVERFLOW_MODE", std::to_string(mode)}, {"DLT_USER_TIMEOUT_MS", "600000"}});
  app.wait_until_connected();

  app.ask("burst 8 " + std::to_string(each), 10min);
  REQUIRE(app.ask("flush 60000", 2min) == "1");

  const Books books = app.books();
  std::cout << "mode " << mode << ": accepted " << books["accepted"] << ", delivered " << books["delivered"]
            << ", dropped " << books.dropped() << '\n';
  CHECK(books["accepted"] == 8 * each);
  CHECK(books["queued"] == 0);
  CHECK(books.close());
  if (mode != 0) CHECK(books["overwritten"] == 0);
  if (mode == 2) CHECK(books["full"] == 0);
  if (mode == 2) CHECK(books["delivered"] == 8 * each);
  CHECK(eventually([&] { return status(daemon).received("E2EA") == books["delivered"]; }));
}

TEST_CASE("what 8 threads log reaches a client complete, each thread's messages in order") {
  const std::uint64_t each = sized(200'000);
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Client client(daemon.port());
  App app(daemon, blocking);

  app.process().say("burst 8 " + std::to_string(each));
  app.process().say("flush 60000");
  app.process().say("say info END");
  const Arrivals arrivals = read_to_end(client);

  CHECK(arrivals.total == 8 * each);
  CHECK(arrivals.disorder == 0);
  for (std::uint32_t t = 0; t < 8; ++t) {
    CAPTURE(t);
    CHECK(arrivals.count.at(t) == each);
    CHECK(arrivals.first.at(t) == 0);
    CHECK(arrivals.last.at(t) == each - 1);
  }
}

TEST_CASE("overwrite keeps the newest messages, drop_newest the oldest") {
  constexpr std::uint64_t logged = 10'000;
  constexpr std::uint64_t capacity = 800;
  const bool overwrite = GENERATE(true, false);
  Daemon daemon(DLT_DAEMON, patient);  // not there yet
  App app(daemon, {{"DLT_USER_OVERFLOW_MODE", overwrite ? "0" : "1"},
                   {"DLT_USER_BUFFER_SIZE_0", std::to_string(capacity)},
                   {"DLT_USER_BUFFER_SIZE_1", std::to_string(capacity)},
                   {"DLT_USER_BUFFER_SIZE_2", std::to_string(capacity)},
                   {"DLT_USER_BUFFER_SIZE_3", std::to_string(capacity)}});
  app.ask("burst 1 " + std::to_string(logged));
  const Books away = app.books();
  CHECK(away["accepted"] == logged);
  CHECK(away["delivered"] == 0);
  CHECK(away["queued"] <= capacity);
  CHECK(away["queued"] >= capacity - capacity / 8);
  CHECK(away[overwrite ? "overwritten" : "full"] == logged - away["queued"]);

  daemon.start();
  Client client(daemon.port());
  app.wait_until_connected();
  REQUIRE(app.ask("flush 60000") == "1");
  app.ask("say info END");
  Arrivals arrivals = read_to_end(client);

  CHECK(arrivals.total == away["queued"]);
  CHECK(arrivals.disorder == 0);
  const std::uint64_t kept_from = overwrite ? logged - arrivals.total : 0;
  CHECK(arrivals.first[0] == kept_from);
  CHECK(arrivals.last[0] == kept_from + arrivals.total - 1);
  CHECK(app.books().close());
}

TEST_CASE(
    "after a daemon was killed and started again the application is back, with its contexts, and its books close") {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  App app(daemon, blocking);
  app.wait_until_connected();
  app.ask("burst 2 1000");
  REQUIRE(app.ask("flush 60000") == "1");

  daemon.kill();
  app.ask("say info while the daemon is away");
  app.ask("burst 1 500 5000");
  daemon.start();
  Client client(daemon.port());
  app.wait_until_connected(2);
  REQUIRE(app.ask("flush 60000") == "1");
  app.ask("say info END");

  bool bridged = false;
  Arrivals arrivals;
  REQUIRE(client.read_until([&](const ReceivedFrame& frame) {
    // Of what was logged before, that comes again which the dead daemon had not acknowledged.
    if (const auto n = numbered(frame); n && n->sequence >= 5000) arrivals.add(*n);
    bridged = bridged || only_text(frame) == "while the daemon is away";
    return only_text(frame) == "END";
  }));
  CHECK(bridged);
  CHECK(arrivals.total == 500);
  CHECK(arrivals.first[0] == 5000);
  CHECK(arrivals.disorder == 0);
  const Status now = status(daemon);
  CHECK(now.contexts("E2EA") == std::vector<std::string>{"MAIN", "NUMS"});
  const Books books = app.books();
  CHECK(books["accepted"] == 2502);
  CHECK(books.close());
}

TEST_CASE("a normal end delivers what was accepted") {
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Client client(daemon.port());
  App app(daemon, blocking);
  app.wait_until_connected();

  app.process().say("burst 4 20000");
  REQUIRE(app.quit() == 0);

  Arrivals arrivals;
  CHECK(client.read_until([&](const ReceivedFrame& frame) {
    if (const auto n = numbered(frame)) arrivals.add(*n);
    return arrivals.total == 80'000;
  }));
  CHECK(arrivals.disorder == 0);
}

TEST_CASE("clients are told when an application has gone, by a normal end and by a kill") {
  const bool killed = GENERATE(false, true);
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  Client client(daemon.port());
  App app(daemon);
  app.wait_until_connected();
  app.ask("say info hello");
  REQUIRE(client.read_until([](const ReceivedFrame& frame) { return only_text(frame) == "hello"; }));

  if (killed) {
    app.process().stop(SIGKILL);
  } else {
    app.quit();
  }

  // service id 0xF01, status ok, application, context, interface
  constexpr std::string_view notice(
      "\x01\x0f\x00\x00\x00"
      "E2EAMAIN",
      13);
  CHECK(client.read_until([&](const ReceivedFrame& frame) {
    return frame.extended.msin == proto::msin::control_response && frame.payload.size() >= notice.size() &&
           std::memcmp(frame.payload.data(), notice.data(), notice.size()) == 0;
  }));
}

}  // namespace dlt::test
