// `dlt-daemon receive` as a process, with our daemon and the incumbent's, beside dlt-receive.
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "dlt-daemon/support/stored.hpp"
#include "dlt-daemon/tools/program.hpp"
#include "status_client.hpp"
#include "support/daemon.hpp"

using namespace dlt;
using namespace dlt::test;

namespace {

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

// The lines of application APP1 without the time of reception.
std::vector<std::string> shown(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (line.find(" APP1 ") != std::string::npos && line.size() > 27) out.push_back(line.substr(27));
  return out;
}

// A daemon of ours, an application that is connected to it.
struct Ours {
  Daemon daemon{program()};
  std::unique_ptr<Peer> app;

  Ours() {
    daemon.start();
    app = std::make_unique<Peer>(Peer::to_unix(daemon.dir() / "app.sock"));
    REQUIRE(app->send(registration()));
  }
  void say(const std::string& text, Level level = Level::info, ContextId context = "CTX1") {
    REQUIRE(
        app->send(log(log_frame({proto::argument(text), proto::argument(std::uint32_t{7})}, level, "APP1", context))));
  }
  [[nodiscard]] std::size_t clients() const {
    const auto status = dlt::daemon::ask_status(daemon.dir() / "control.sock");
    return status ? count_of(*status, "\"peer\"") : 0;
  }
  [[nodiscard]] std::vector<std::string> command(std::vector<std::string> options) const {
    options.insert(options.begin(), {program(), "receive", "-p", daemon.port_text()});
    return options;
  }
};

}  // namespace

TEST_CASE("receive prints exactly what dlt-receive prints") {
  for (const char* form : {"-a", "-x", "-m", "-s"}) {
    Ours s;
    const std::string ours = s.daemon.dir() / "ours";
    const std::string theirs = s.daemon.dir() / "theirs";
    Child receive({.command = s.command({form}), .out = ours});
    Child dlt_receive(
        {.command = {"stdbuf", "-oL", "dlt-receive", form, "-p", s.daemon.port_text(), "127.0.0.1"}, .out = theirs});
    REQUIRE(eventually([&] { return s.clients() == 2; }));
    for (int i = 0; i < 20; ++i) s.say("message " + std::to_string(i), static_cast<Level>(1 + i % 6));
    const auto both = [&] { return shown(read_file(ours)).size() == 20 && shown(read_file(theirs)).size() == 20; };
    REQUIRE(eventually(both));
    CHECK(receive.stop(SIGTERM) == 0);
    CHECK(shown(read_file(ours)) == shown(read_file(theirs)));
  }
}

TEST_CASE("receive ends after so many messages, selects, and prints JSON") {
  Ours s;
  const std::string out = s.daemon.dir() / "out";
  Child child({.command = s.command({"-n", "2", "--filter", "APP1:CTX2:warn", "--format", "json"}), .out = out});
  for (int i = 0; i < 3; ++i) {
    s.say("no", Level::info, "CTX2");
    s.say("no", Level::error, "CTX1");
    s.say("yes", Level::error, "CTX2");
  }
  CHECK(child.wait() == 0);
  std::istringstream in(read_file(out));
  int n = 0;
  for (std::string line; std::getline(in, line); ++n)
    CHECK(nlohmann::json::parse(line).at("args")[0].at("value") == "yes");
  CHECK(n == 2);
}

TEST_CASE("receive has the daemon keep back what its filter does not want") {
  Ours s;
  const std::string out = s.daemon.dir() / "out";
  Child child({.command = s.command({"--app", "APP1", "--level", "error"}), .out = out});
  REQUIRE(eventually([&] { return s.clients() == 1; }));
  const auto filtered = [&] {
    const auto status = nlohmann::json::parse(*dlt::daemon::ask_status(s.daemon.dir() / "control.sock"));
    return status["clients"].empty() ? 0 : status["clients"][0]["filtered"].get<int>();
  };
  // The filter may come after the first of them.
  REQUIRE(eventually([&] { return s.say("no", Level::info), filtered() >= 3; }));
  s.say("yes", Level::error);
  CHECK(eventually([&] { return read_file(out).find("yes") != std::string::npos; }));
  CHECK(child.stop(SIGTERM) == 0);
  CHECK(count_of(read_file(out), "no 7") == 0);
}

TEST_CASE("what receive stores is whole after a signal, and dlt-convert and python-dlt read it") {
  for (const char* name : {"rx.dlt", "rx.dlt.zst", "rx.dlt.gz"}) {
    Ours s;
    const std::string out = s.daemon.dir() / "out";
    const std::string file = s.daemon.dir() / name;
    Child child({.command = s.command({"-o", file, "-a"}), .out = out});
    for (int i = 0; i < 500; ++i) s.say("message " + std::to_string(i));
    REQUIRE(eventually([&] { return count_of(read_file(out), "[message ") == 500; }));
    CHECK(child.stop(SIGINT) == 0);
    std::string plain = file;
    if (file.ends_with(".zst")) {
      plain = s.daemon.dir() / "unpacked.dlt";
      write_file(plain, unpack(read_file(file)));
    } else if (file.ends_with(".gz")) {
      plain = s.daemon.dir() / "unpacked.dlt";
      REQUIRE(run({"sh", "-c", "zcat " + file + " > " + plain}).code == 0);
    }
    const Ran convert = run_apart({"dlt-convert", "-a", plain});
    CHECK(count_of(convert.out, "[message ") == 500);
    const Ran python = run_apart({"/usr/bin/python3", "-c",
                                  "import sys\nfrom dlt import dlt\n"
                                  "print(sum(m.apid == 'APP1' for m in dlt.load(sys.argv[1])))",
                                  plain});
    CHECK(python.out == "500\n");
  }
}

TEST_CASE("receive stores to stdout where it is told so, and not in a file of that name") {
  Ours s;
  const TempDir dir;
  Child child({.command = {"sh", "-c", R"(cd "$1" && shift && exec "$@" > out)", "sh", dir.path().string(), program(),
                           "receive", "-p", s.daemon.port_text(), "-o", "-", "-n", "200", "--app", "APP1"}});
  for (std::uint32_t i = 0; i < 200; ++i) REQUIRE(s.app->send(log(frame(i))));
  CHECK(child.wait() == 0);
  CHECK(files_in(dir.path()).size() == 1);
  CHECK(stored_numbers(read_file(dir / "out")) == up_to(200));
}

TEST_CASE("receive goes on in new files at the limit, and loses nothing") {
  Ours s;
  const TempDir dir;
  Child child({.command = s.command({"-o", dir / "rx.dlt", "-c", "4K", "-n", "300", "--app", "APP1"})});
  for (std::uint32_t i = 0; i < 300; ++i) REQUIRE(s.app->send(log(frame(i))));
  CHECK(child.wait() == 0);
  const auto files = files_in(dir.path());
  CHECK(files.size() > 3);
  for (const auto& [name, bytes] : files) CHECK(bytes.size() <= 4096);
  auto numbers = all_numbers(dir.path());
  std::sort(numbers.begin(), numbers.end());
  CHECK(numbers == up_to(300));
}

TEST_CASE("without a daemon receive fails with a clear line; with -r it waits, and comes back after each end") {
  const std::uint16_t port = free_port();
  const Ran none = tool({"receive", "-p", std::to_string(port)});
  CHECK(none.code == 1);
  CHECK_THAT(none.err, Catch::Contains("cannot connect to 127.0.0.1:" + std::to_string(port)));
  CHECK_THAT(tool({"receive", "no-such-host.invalid"}).err, Catch::Contains("cannot find no-such-host.invalid"));

  const TempDir dir;
  Child child({.command = {program(), "receive", "-r", "20", "-p", std::to_string(port), "localhost"},
               .out = dir / "out",
               .err = dir / "err"});
  REQUIRE(eventually([&] { return read_file(dir / "err").find("trying again") != std::string::npos; }));
  Daemon daemon(program(), {{"Port", std::to_string(port)}});
  for (std::size_t i = 1; i <= 2; ++i) {
    daemon.start();
    Peer app = Peer::to_unix(daemon.dir() / "app.sock");
    REQUIRE(app.send(log(log_frame({proto::argument("hello")}))));
    REQUIRE(eventually([&] { return count_of(read_file(dir / "out"), "[hello]") == i; }));
    daemon.kill();
  }
  CHECK(child.stop(SIGTERM) == 0);
}

TEST_CASE("receive on a full disk fails and leaves whole messages") {
  Ours s;
  const TempDir dir;
  Child child(
      {.command = {"prlimit", "--fsize=20000", program(), "receive", "-p", s.daemon.port_text(), "-o", dir / "rx.dlt"},
       .err = s.daemon.dir() / "err"});
  REQUIRE(eventually([&] {
    for (std::uint32_t i = 0; i < 500; ++i) REQUIRE(s.app->send(log(frame(i))));
    return !child.running();
  }));
  CHECK(child.wait() == 1);
  CHECK_THAT(read_file(s.daemon.dir() / "err"), Catch::Contains("File too large"));
  CHECK(read_file(dir / "rx.dlt").size() <= 20'000);
  CHECK(tool({"cat", "--strict", "-c", dir / "rx.dlt"}).code == 0);
}

TEST_CASE("receive prints what the incumbent's daemon sends, and tells when it closes") {
  const TempDir dir;
  auto incumbent = std::make_unique<CovesaDaemon>();
  Child child({.command = {program(), "receive", "-p", incumbent->port(), "--app", "SINA"},
               .out = dir / "out",
               .err = dir / "err"});
  const auto app = incumbent->application("SINA", "SINC");
  REQUIRE(eventually([&] {
    app->say("hello from stdin");
    return count_of(read_file(dir / "out"), "SINA SINC log info V 1 [hello from stdin ]") > 0;
  }));
  incumbent.reset();
  CHECK(child.wait() == 1);
  CHECK_THAT(read_file(dir / "err"),
             Catch::Contains("has closed the connection") || Catch::Contains("connection lost"));
}
