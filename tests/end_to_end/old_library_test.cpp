// Programs that are linked with the incumbent's library (libdlt.so.2, as packaged) and know nothing of us: they log
// through its FIFO, are listed, obey and are asked as by its own daemon.
#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "end_to_end/app.hpp"
#include "end_to_end/shown.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

const std::string examples = "/usr/lib/libdlt-examples/";

// A daemon with the FIFO, and what old programs have in their environment.
struct OldWorld {
  Daemon daemon{DLT_DAEMON};
  OldWorld() {
    daemon.set("LegacyFifo", "1");
    daemon.set("LegacyDirectory", daemon.dir().path().string());
  }
  [[nodiscard]] std::map<std::string, std::string> environment() const {
    return {{"DLT_PIPE_DIR", daemon.dir().path().string()}};
  }
  // Line by line, so that a test can wait for what it prints.
  [[nodiscard]] Child start(std::vector<std::string> command, bool with_input = false) const {
    command.insert(command.begin(), {"stdbuf", "-oL"});
    return Child({.command = std::move(command),
                  .environment = environment(),
                  .out = daemon.dir() / "printed",
                  .err = daemon.dir() / "printed.err",
                  .with_input = with_input});
  }
  [[nodiscard]] bool printed(const std::string& text) const {
    return eventually([&] { return read_file(daemon.dir() / "printed").find(text) != std::string::npos; });
  }
  [[nodiscard]] bool received(const std::string& app, std::uint64_t messages) const {
    return eventually([&] { return status(daemon).received(app) == messages; });
  }
  [[nodiscard]] Outcome control(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), "dlt-control");
    arguments.insert(arguments.end(), {"-p", daemon.port_text(), "127.0.0.1"});
    return run(arguments);
  }
};

// The arguments' text of each line of an application that dlt-receive -a has printed.
std::vector<std::string> payloads_of(const std::string& app, const std::string& text) {
  std::vector<std::string> found;
  const std::string shown = app + std::string(4 - app.size(), '-');  // as it pads ids
  for (const auto& line : lines(text))
    if (line.find(" " + shown + " ") != std::string::npos && line.find(" log ") != std::string::npos)
      found.push_back(line.substr(line.find('[')));
  return found;
}

}  // namespace

TEST_CASE("an old program's messages reach dlt-receive, in order, and it is gone when it has ended") {
  OldWorld world;
  world.daemon.start();
  const std::string file = world.daemon.dir() / "rx.txt";
  Child receive(
      {.command = {"stdbuf", "-oL", "dlt-receive", "-a", "-p", world.daemon.port_text(), "127.0.0.1"}, .out = file});
  REQUIRE(eventually([&] { return status(world.daemon).clients.size() == 1; }));

  Child user = world.start({examples + "dlt-example-user", "-n", "500", "-d", "0", "-k", "hello"});
  CHECK(user.wait() == 0);
  REQUIRE(eventually([&] { return payloads_of("LOG", read_file(file)).size() >= 500; }));
  receive.stop();

  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) expected.push_back("[" + std::to_string(i) + " hello]");
  CHECK(payloads_of("LOG", read_file(file)) == expected);
  CHECK(eventually([&] { return !status(world.daemon).application("LOG").connected; }));
}

TEST_CASE("an old program is listed, obeys a level, gets an injection and knows that a client is there") {
  OldWorld world;
  world.daemon.start();
  Child user = world.start({examples + "dlt-example-user", "-n", "1000000", "-d", "20", "-l", "6", "hello"});
  REQUIRE(eventually([&] { return status(world.daemon).contexts("LOG").size() == 3; }));

  const Outcome listed = world.control({"-j"});
  CHECK(listed.code == 0);
  CHECK_THAT(listed.out, Catch::Contains("APID:LOG- Test Application for Logging"));
  CHECK_THAT(listed.out, Catch::Contains("CTID:TEST ") && Catch::Contains("Test Context for Logging"));
  // Verbose messages: above the default level, so nothing has come.
  CHECK(status(world.daemon).received("LOG") == 0);
  CHECK(world.control({"-l", "6", "-a", "LOG", "-c", "TEST"}).code == 0);
  CHECK(world.printed("Log level changed of context TEST, LogLevel=6"));
  CHECK(eventually([&] { return status(world.daemon).received("LOG") > 0; }));

  CHECK(world.control({"-a", "LOG", "-c", "TEST", "-s", "4096", "-m", "HelloInj"}).code == 0);
  CHECK(world.printed("Injection 4096"));
  CHECK(world.printed("HelloInj"));
  CHECK(world.printed("Client connected!"));
  CHECK(world.printed("Client disconnected!"));
  user.stop(SIGKILL);
  CHECK(eventually([&] { return !status(world.daemon).application("LOG").connected; }));
}

TEST_CASE("an old program that was there before the daemon delivers what it has kept, also after a restart") {
  OldWorld world;
  Child user = world.start({examples + "dlt-example-user", "-n", "1000000", "-d", "1", "hello"});
  REQUIRE(world.printed("Send 50 hello"));
  world.daemon.start();
  const std::string file = world.daemon.dir() / "rx.txt";
  const auto receive = [&](const std::string& to) {
    return Child(
        {.command = {"stdbuf", "-oL", "dlt-receive", "-a", "-p", world.daemon.port_text(), "127.0.0.1"}, .out = to});
  };
  {
    Child first = receive(file);
    REQUIRE(eventually([&] { return payloads_of("LOG", read_file(file)).size() > 100; }));
    first.stop();
    const auto shown = payloads_of("LOG", read_file(file));
    CHECK(shown.front() == "[0 hello]");
    CHECK(shown[99] == "[99 hello]");
  }

  CHECK(world.daemon.stop() == 0);
  world.daemon.start();
  const std::string later = world.daemon.dir() / "later.txt";
  Child second = receive(later);
  CHECK(eventually([&] { return status(world.daemon).contexts("LOG").size() == 3; }));
  CHECK(eventually([&] { return payloads_of("LOG", read_file(later)).size() > 100; }));
  second.stop();
  user.stop(SIGKILL);
}

TEST_CASE("dlt-adaptor-stdin passes lines on") {
  OldWorld world;
  world.daemon.start();
  Child adaptor = world.start({"dlt-adaptor-stdin", "-a", "ADPT", "-c", "IN"}, true);
  for (int i = 0; i < 20; ++i) adaptor.say("line " + std::to_string(i));

  CHECK(world.received("ADPT", 20));
  CHECK(status(world.daemon).contexts("ADPT") == std::vector<std::string>{"IN"});
}

TEST_CASE("a file that an old program transfers arrives whole, to the byte") {
  OldWorld world;
  world.daemon.set("OfflineTraceDirectory", world.daemon.dir() / "logs");
  world.daemon.set("OfflineTraceCompression", "0");
  world.daemon.start();
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += "line " + std::to_string(i) + "\n";
  write_file(world.daemon.dir() / "file", content);

  const Outcome sent = run({examples + "dlt-example-filetransfer", "-t", "1", world.daemon.dir() / "file"},
                           world.environment(), std::chrono::minutes(5));
  REQUIRE(sent.code == 0);
  world.daemon.stop();

  // Each piece is a raw argument that ends before "FLDA": find them in order.
  std::string stored;
  for (const auto& e : std::filesystem::directory_iterator(world.daemon.dir() / "logs")) stored += read_file(e.path());
  std::size_t at = 0;
  std::size_t found = 0;
  while (found < content.size()) {
    const std::size_t n = std::min<std::size_t>(1024, content.size() - found);
    at = stored.find(content.substr(found, n), at);
    if (at == std::string::npos) break;
    found += n;
  }
  CHECK(found == content.size());
  CHECK(stored.find("FLFI") != std::string::npos);
}

}  // namespace dlt::test
