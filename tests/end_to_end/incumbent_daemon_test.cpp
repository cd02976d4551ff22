// Applications on our library at COVESA's dlt-daemon, as packaged, through its FIFO; and at our daemon's.
#include <catch2/catch.hpp>

#include <time.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "dlt/proto/control.hpp"
#include "dlt/proto/level.hpp"
#include "end_to_end/app.hpp"
#include "end_to_end/shown.hpp"
#include "support/client.hpp"
#include "support/incumbent.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

constexpr std::uint64_t sized(std::uint64_t full) {
#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN) || defined(DLT_TEST_SMALL)
  return full / 50;
#else
  return full;
#endif
}

std::int64_t monotonic_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

App::Environment at(const std::string& address, App::Environment more = {}) {
  more.emplace("DLT_DAEMON_ADDRESS", address);
  return more;
}

const App::Environment blocking{{"DLT_USER_OVERFLOW_MODE", "2"}, {"DLT_USER_TIMEOUT_MS", "600000"}};

// dlt-receive, line by line, until the application's END is there.
std::vector<std::string> received_types(App& app, const std::string& port, const TempDir& dir) {
  const std::string file = dir / "rx.txt";
  Child receive({.command = {"stdbuf", "-oL", "dlt-receive", "-a", "-p", port, "127.0.0.1"}, .out = file});
  app.wait_until_connected();
  app.ask("types");
  app.ask("say info END");
  CHECK(eventually([&] { return shown_lines(read_file(file)).size() >= shown_types().size(); }));
  receive.stop();
  return shown_lines(read_file(file));
}

// What 8 threads have logged, as a client gets it.
struct Arrived {
  std::uint64_t total = 0;
  std::uint64_t disorder = 0;  // repeated or overtaken
  std::map<std::uint32_t, std::uint64_t> next{};

  void add(const Numbered& n) {
    ++total;
    if (n.sequence < next[n.thread]) ++disorder;
    next[n.thread] = n.sequence + 1;
  }
};

// Reads while the application logs: COVESA's daemon disconnects a client that does not. Ends with a message that is
// said again until it comes, because that daemon may lose it.
Arrived read_burst(App& app, Client& client, std::uint64_t each) {
  Arrived arrived;
  const auto look = [&](const ReceivedFrame& frame) {
    if (const auto n = numbered(frame)) arrived.add(*n);
    return only_text(frame) == "END";
  };
  app.process().say("burst 8 " + std::to_string(each));
  app.process().say("flush 300000");
  app.process().say("say info END");
  bool ended = client.read_until(look, std::chrono::minutes(5));
  app.told("burst");
  CHECK(app.told("flush") == "1");
  app.told("say");
  for (int tries = 0; tries < 100 && !ended && !client.ended(); ++tries) {
    app.ask("say info END");
    ended = client.read_until(look, std::chrono::milliseconds(200));
  }
  CHECK(ended);
  return arrived;
}

}  // namespace

TEST_CASE("every kind of argument reaches dlt-receive through COVESA's daemon") {
  Incumbent daemon;
  daemon.start();
  App app(at(daemon.address(), in_order));
  CHECK(received_types(app, daemon.port_text(), daemon.dir()) == expected_lines());

  const Books books = app.books();
  CHECK(books.close());
  CHECK(books.dropped() == 0);
  CHECK(app.quit() == 0);
  CHECK(std::filesystem::is_empty(daemon.dir() / "dltpipes"));
}

TEST_CASE("every kind of argument reaches dlt-receive through the FIFO of our daemon") {
  Daemon daemon(DLT_DAEMON);
  daemon.set("LegacyFifo", "1");
  daemon.set("LegacyDirectory", daemon.dir().path().string());
  daemon.start();
  App app(at("fifo:" + daemon.dir().path().string(), in_order));
  CHECK(received_types(app, daemon.port_text(), daemon.dir()) == expected_lines());
  CHECK(status(daemon).contexts("E2EA") == std::vector<std::string>{"MAIN", "NUMS"});
  CHECK(app.quit() == 0);
  CHECK(eventually([&] { return !status(daemon).application("E2EA").connected; }));
}

TEST_CASE("COVESA's daemon lists our application, changes its level and passes an injection on") {
  Incumbent daemon;
  daemon.start();
  App app(at(daemon.address()));
  app.wait_until_connected();
  std::string listed;
  REQUIRE(eventually([&] {
    listed = daemon.control({"-j"}).out;
    return listed.find("CTID:NUMS") != std::string::npos;
  }));
  CHECK_THAT(listed, Catch::Contains("APID:E2EA") && Catch::Contains("end to end"));
  CHECK_THAT(listed, Catch::Contains("CTID:MAIN") && Catch::Contains("what tests say"));
  CHECK_THAT(listed, Catch::Contains("CTID:NUMS") && Catch::Contains("thread and sequence"));

  CHECK(app.ask("say debug not yet") == "0");
  CHECK(daemon.control({"-l", "5", "-a", "E2EA", "-c", "MAIN"}).code == 0);
  CHECK_THAT(app.told("level"), Catch::StartsWith("debug "));
  CHECK(app.ask("say debug now") == "1");
  CHECK(daemon.control({"-a", "E2EA", "-c", "MAIN", "-s", "4096", "-m", "HelloInj"}).code == 0);
  CHECK_THAT(app.told("injected"), Catch::StartsWith("4096 HelloInj"));
}

// As level_test: the promise is 100 ms; shown, and failed only where nobody would call it obeying any more.
TEST_CASE("an application obeys a level that COVESA's daemon was asked to set") {
  constexpr std::int64_t promise_us = 100'000;
  constexpr std::int64_t hopeless_us = 10'000'000;
  Incumbent daemon;
  daemon.start();
  App app(at(daemon.address()));
  app.wait_until_connected();
  REQUIRE(eventually([&] { return daemon.control({"-j"}).out.find("CTID:NUMS") != std::string::npos; }));
  Client client(daemon.port());

  std::vector<std::int64_t> us;
  for (int i = 0; i < 21; ++i) {
    const Level level = i % 2 == 0 ? Level::debug : Level::info;
    const auto frame =
        proto::control::frame(proto::control::SetLogLevel{"E2EA", "MAIN", static_cast<std::int8_t>(level)}, {});
    REQUIRE(frame);
    const std::int64_t sent = monotonic_ns();  // before the daemon can have received it
    client.send(*frame);
    std::istringstream told(app.told("level"));
    std::string name_of_level;
    std::int64_t obeyed = 0;
    told >> name_of_level >> obeyed;
    CHECK(name_of_level == name(level));
    us.push_back((obeyed - sent) / 1000);
  }

  std::sort(us.begin(), us.end());
  const auto slower = std::count_if(us.begin(), us.end(), [](std::int64_t t) { return t > promise_us; });
  std::cout << "level obeyed after " << us[us.size() / 2] << " us (median), " << us.back() << " us (longest of "
            << us.size() << "), " << slower << " over " << promise_us << " us\n";
  CHECK(us.back() < hopeless_us);
}

TEST_CASE("after COVESA's daemon was killed and started again our application is back, with its contexts") {
  Incumbent daemon;
  daemon.start();
  App app(at(daemon.address(), in_order));
  app.wait_until_connected();
  app.ask("say info before");
  CHECK(app.ask("flush 30000") == "1");
  daemon.kill();
  REQUIRE(eventually([&] { return app.ask("connected").front() == '0'; }));
  app.ask("say info between");

  daemon.start();
  app.wait_until_connected(2);
  CHECK(received_types(app, daemon.port_text(), daemon.dir()).size() >= shown_types().size());
  CHECK_THAT(read_file(daemon.dir() / "rx.txt"), Catch::Contains("between"));
  CHECK(eventually([&] { return daemon.control({"-j"}).out.find("CTID:NUMS") != std::string::npos; }));
  CHECK(app.books().close());
  CHECK(app.books().dropped() == 0);
}

// What COVESA's daemon loses on its way to the client is its own: it is shown, and nothing is asked of it but order.
TEST_CASE("8 threads that wait for room lose nothing before COVESA's FIFO, and nothing is torn in it") {
  const std::uint64_t each = sized(25'000);
  Incumbent daemon;
  daemon.start();
  Client client(daemon.port());
  App app(at(daemon.address(), blocking));
  app.wait_until_connected();
  const Arrived arrived = read_burst(app, client, each);

  const Books books = app.books();
  CHECK(books.close());
  CHECK(books.dropped() == 0);
  CHECK(books["delivered"] == books["accepted"]);
  CHECK(books["accepted"] >= 8 * each);
  CHECK(arrived.disorder == 0);
  CHECK(arrived.total <= 8 * each);
  CHECK(arrived.total > 0);
  std::cout << "COVESA's daemon passed on " << arrived.total << " of " << 8 * each << " messages\n";
}

TEST_CASE("8 threads lose nothing through the FIFO of our daemon: each message arrives, once and in order") {
  const std::uint64_t each = sized(100'000);
  Daemon daemon(DLT_DAEMON, {{"ClientStallLimit", "60000"}, {"ClientTimeout", "3600"}});
  daemon.set("LegacyFifo", "1");
  daemon.set("LegacyDirectory", daemon.dir().path().string());
  daemon.start();
  Client client(daemon.port());
  App::Environment environment = blocking;
  environment["DLT_USER_SENDERS"] = GENERATE("1", "2");
  App app(at("fifo:" + daemon.dir().path().string(), environment));
  app.wait_until_connected();
  const Arrived arrived = read_burst(app, client, each);

  CHECK(arrived.disorder == 0);
  CHECK(arrived.total == 8 * each);
  const Books books = app.books();
  CHECK(books.close());
  CHECK(books.dropped() == 0);
  CHECK(client.rubbish() == 0);
}

TEST_CASE("programs on both libraries share a FIFO, and nothing of anybody is torn") {
  const std::uint64_t each = sized(20'000);
  constexpr std::uint64_t programs = 3;
  constexpr std::uint64_t threads = 4;
  constexpr std::uint64_t old_messages = 500;
  Daemon daemon(DLT_DAEMON, {{"ClientStallLimit", "60000"}, {"ClientTimeout", "3600"}});
  daemon.set("LegacyFifo", "1");
  daemon.set("LegacyDirectory", daemon.dir().path().string());
  daemon.start();
  Client client(daemon.port());
  std::vector<std::unique_ptr<App>> apps;
  for (std::uint64_t i = 0; i < programs; ++i)
    apps.push_back(std::make_unique<App>(at("fifo:" + daemon.dir().path().string(), blocking)));
  for (auto& app : apps) app->wait_until_connected();
  Child old(
      {.command = {"/usr/lib/libdlt-examples/dlt-example-user", "-n", std::to_string(old_messages), "-d", "0", "x"},
       .environment = {{"DLT_PIPE_DIR", daemon.dir().path().string()}}});
  for (std::uint64_t i = 0; i < programs; ++i)
    apps[i]->process().say("burst " + std::to_string(threads) + " " + std::to_string(each) + " " +
                           std::to_string(i * each));

  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint64_t> next;  // of a thread of a program
  std::uint64_t total = 0;
  std::uint64_t disorder = 0;
  std::uint64_t of_old = 0;
  const auto count = [&](const ReceivedFrame& frame) {
    of_old += frame.extended.app == AppId("LOG") && frame.extended.context == ContextId("TEST") ? 1U : 0U;
    if (const auto n = numbered(frame); n && frame.extended.app == AppId("E2EA")) {
      const std::uint64_t program = n->sequence / each;
      std::uint64_t& wanted = next.try_emplace({n->thread, program}, program * each).first->second;
      disorder += n->sequence == wanted++ ? 0U : 1U;
      ++total;
    }
  };
  const bool all = client.read_until(
      [&](const ReceivedFrame& frame) {
        count(frame);
        return total == programs * threads * each;
      },
      std::chrono::minutes(5));
  // The old library gives up what the FIFO had no room for when its program ends; what has come is all there.
  CHECK(old.wait(std::chrono::minutes(1)) == 0);
  std::uint64_t came = 0;
  CHECK(eventually([&] {
    came = status(daemon).received("LOG");
    if (of_old < came)
      (void)client.read_until([&](const ReceivedFrame& frame) { return count(frame), of_old >= came; });
    return of_old == came && came == status(daemon).received("LOG");
  }));
  CHECK(came <= old_messages);

  INFO("of the old program " << of_old);
  CHECK(all);
  CHECK(total == programs * threads * each);
  CHECK(disorder == 0);
  CHECK(client.rubbish() == 0);
  for (auto& app : apps) {
    app->told("burst");
    CHECK(app->books().dropped() == 0);
  }
}

}  // namespace dlt::test
