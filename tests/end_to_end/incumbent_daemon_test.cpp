// Applications on our library at COVESA's dlt-daemon, as packaged, through its FIFO; and at our daemon's.
#include <catch2/catch.hpp>

#include <filesystem>
#include <iostream>
#include <map>

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

// What 8 threads have logged, as a client gets it; ends with a message that is said again until it comes.
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

Arrived read_burst(App& app, Client& client) {
  Arrived arrived;
  const auto look = [&](const ReceivedFrame& frame) {
    if (const auto n = numbered(frame)) arrived.add(*n);
    return only_text(frame) == "END";
  };
  bool ended = false;
  for (int tries = 0; tries < 600 && !ended; ++tries) {
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
  app.ask("burst 8 " + std::to_string(each), std::chrono::minutes(5));
  CHECK(app.ask("flush 300000", std::chrono::minutes(6)) == "1");

  const Books books = app.books();
  CHECK(books.close());
  CHECK(books.dropped() == 0);
  CHECK(books["delivered"] == 8 * each);
  const Arrived arrived = read_burst(app, client);
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
  App app(at("fifo:" + daemon.dir().path().string(), blocking));
  app.wait_until_connected();
  app.process().say("burst 8 " + std::to_string(each));
  Arrived arrived;
  const bool all = client.read_until(
      [&](const ReceivedFrame& frame) {
        if (const auto n = numbered(frame)) arrived.add(*n);
        return arrived.total == 8 * each;
      },
      std::chrono::minutes(5));

  CHECK(all);
  CHECK(arrived.disorder == 0);
  app.told("burst");
  const Books books = app.books();
  CHECK(books.close());
  CHECK(books.dropped() == 0);
  CHECK(books["delivered"] == 8 * each);
  CHECK(client.rubbish() == 0);
}

}  // namespace dlt::test
