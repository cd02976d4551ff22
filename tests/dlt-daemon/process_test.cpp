// The program itself: exit codes, signals, files, too few descriptors.
#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>

#include <sys/stat.h>

#include "dlt-daemon/support/peers.hpp"
#include "dlt-daemon/support/program.hpp"
#include "status_client.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;

namespace {

struct Served {
  TempDir dir;
  Child child;

  explicit Served(std::vector<std::string> before = {})
      : child({command(std::move(before)), {}, "", dir / "log", false}) {
    if (!eventually([&] { return std::filesystem::exists(dir / "port"); }))
      throw std::runtime_error("the daemon does not serve");
  }
  std::vector<std::string> command(std::vector<std::string> line) {
    write_file(dir / "dlt.conf", "BindAddress = 127.0.0.1\nClientStallLimit = 20000\n");
    for (const auto& word :
         {program(), std::string("--config"), dir / "dlt.conf", std::string("--app-socket"), dir / "app.sock",
          std::string("--port"), std::string("0"), std::string("--port-file"), dir / "port"})
      line.push_back(word);
    return line;
  }
  [[nodiscard]] std::uint16_t port() const {
    std::uint16_t port = 0;
    std::ifstream(dir / "port") >> port;
    return port;
  }
  [[nodiscard]] std::string log() const { return read_file(dir / "log"); }
};

}  // namespace

TEST_CASE("exit codes tell wrong usage, errors and success apart") {
  TempDir dir;
  CHECK(run({program(), "--help"}).code == 0);
  CHECK(run({program(), "--version"}).out.find("dlt-daemon ") == 0);
  CHECK(run({program(), "--nonsense"}).code == 2);
  CHECK(run({program(), "--config", dir / "missing.conf"}).code == 1);
  write_file(dir / "bad.conf", "Port = 3490\nPotr = 1\n");
  const auto bad = run({program(), "--check-config", "--config", dir / "bad.conf"});
  CHECK(bad.code == 1);
  CHECK(bad.out.find("bad.conf:2: unknown key 'Potr'") != std::string::npos);
  write_file(dir / "good.conf", "Port = 3490\n");
  CHECK(run({program(), "--check-config", "--config", dir / "good.conf"}).code == 0);
  CHECK(run({program(), "--status", "--app-socket", dir / "app.sock"}).code == 1);
}

TEST_CASE("what a stored file is packed with, its first bytes tell, not its name; gzip is left to cat") {
  const TempDir dir;
  const std::string message = std::string("DLT\x01", 4) + std::string(8, '\0') + "ECU1" + frame(7);
  write_file(dir / "a.dlt", message + message);
  REQUIRE(run({"zstd", "-q", dir / "a.dlt", "-o", dir / "packed"}).code == 0);
  REQUIRE(run({"gzip", "-k", dir / "a.dlt"}).code == 0);
  std::filesystem::copy_file(dir / "a.dlt", dir / "plain.zst");
  for (const char* name : {"a.dlt", "packed", "plain.zst"}) {
    INFO(name);
    const auto outcome = run({"sh", "-c", "\"$0\" --recover \"$1\" > \"$2\"", program(), dir / name, dir / "out"});
    CHECK(outcome.code == 0);
    CHECK(read_file(dir / "out") == message + message);
  }
  write_file(dir / "rubbish.dlt", std::string(100, 'x'));
  const auto nothing = run({program(), "--recover", dir / "rubbish.dlt"});
  CHECK(nothing.code == 1);  // as cat has it
  CHECK(nothing.out.find("0 messages, 100 bytes skipped") != std::string::npos);
  write_file(dir / "empty.dlt", "");
  CHECK(run({program(), "--recover", dir / "empty.dlt"}).code == 0);
  const auto outcome = run({program(), "--recover", dir / "a.dlt.gz"});
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find("a.dlt.gz is packed with gzip: dlt-daemon cat") != std::string::npos);
}

TEST_CASE("what is wrong with the configuration has its level where stderr is the journal's, and only there") {
  TempDir dir;
  write_file(dir / "bad.conf", "Potr = 1\n");
  write_file(dir / "err", "");
  struct stat err {};
  REQUIRE(::stat((dir / "err").c_str(), &err) == 0);
  const auto stream = std::to_string(err.st_dev) + ":" + std::to_string(err.st_ino);
  const auto said = [&](const std::string& journal) {
    write_file(dir / "err", "");
    Child child(
        {{program(), "--check-config", "--config", dir / "bad.conf"}, {{"JOURNAL_STREAM", journal}}, "", dir / "err"});
    CHECK(child.wait() == 1);
    return read_file(dir / "err");
  };

  CHECK(said(stream).find("<3>" + (dir / "bad.conf") + ":1: ") == 0);
  CHECK(said("1:2").find("dlt-daemon: " + (dir / "bad.conf") + ":1: ") == 0);
}

TEST_CASE("a check of the configuration looks at the file of passive nodes, too") {
  TempDir dir;
  write_file(dir / "a.conf", "GatewayMode = 1\nGatewayConfigFile = " + (dir / "nodes.conf") + "\n");
  const auto missing = run({program(), "--check-config", "--config", dir / "a.conf"});
  CHECK(missing.code == 1);
  CHECK(missing.out.find("nodes.conf") != std::string::npos);
  write_file(dir / "nodes.conf", "[PassiveNode1]\nIPaddress = 127.0.0.1\nPort = 99999\nEcuID = ECU2\n");
  const auto bad = run({program(), "--check-config", "--config", dir / "a.conf"});
  CHECK(bad.code == 1);
  CHECK(bad.out.find("nodes.conf:3: ") != std::string::npos);
  CHECK(bad.out.find("is good") == std::string::npos);
  write_file(dir / "nodes.conf", "[PassiveNode1]\nIPaddress = 127.0.0.1\nPort = 3490\nEcuID = ECU2\n");
  CHECK(run({program(), "--check-config", "--config", dir / "a.conf"}).code == 0);
}

TEST_CASE("the daemon's own log goes to a file, which is rotated, and the keys of others are answered there") {
  TempDir dir;
  write_file(dir / "c", "LoggingMode = 2\nLoggingFilename = " + (dir / "own.log") +
                            "\nEnableLoggingFileLimit = 1\nLoggingFileSize = 4096\nLoggingFileMaxSize = 12288\n"
                            "UDPConnectionSetup = 1\n");
  {
    Child child(
        {{program(), "--config", dir / "c", "--app-socket", dir / "app.sock", "-p", "0", "--port-file", dir / "port"},
         {},
         "",
         dir / "out",
         false});
    REQUIRE(eventually([&] { return std::filesystem::exists(dir / "port"); }));
    std::uint16_t port = 0;
    std::ifstream(dir / "port") >> port;
    for (int i = 0; i < 100 && !std::filesystem::exists(dir / "own.1.log"); ++i) FrameClient(port).frame();
    CHECK(child.stop(SIGTERM) == 0);
  }
  CHECK(read_file(dir / "out").find("c:6: UDPConnectionSetup has no effect") != std::string::npos);
  CHECK(read_file(dir / "own.log").find("ended") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(dir / "own.3.log"));

  write_file(dir / "c", "LoggingMode = 2\nLoggingFilename = " + (dir / "app.sock.lock/impossible") + "\n");
  const auto outcome = run({program(), "--config", dir / "c", "--app-socket", dir / "app.sock", "-p", "0"});
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find("cannot log to") != std::string::npos);
}

TEST_CASE("in the background the daemon serves when its parent has ended, and a failure is the parent's") {
  TempDir dir;
  const std::vector<std::string> command{program(),        "-d", "--config", "/dev/null",   "--app-socket",
                                         dir / "app.sock", "-p", "0",        "--port-file", dir / "port"};
  CHECK(run(command).code == 0);
  const auto status = run({program(), "--status", "--format", "json", "--app-socket", dir / "app.sock"});
  REQUIRE(status.code == 0);
  const auto second = run(command);
  CHECK(second.code == 1);
  CHECK(second.out.find("another daemon serves") != std::string::npos);

  const auto at = status.out.find("\"pid\": ");
  REQUIRE(at != std::string::npos);
  REQUIRE(::kill(std::stoi(status.out.substr(at + 7)), SIGTERM) == 0);
  CHECK(eventually([&] { return !std::filesystem::exists(dir / "app.sock"); }));
  CHECK(run({program(), "-d", "--foreground"}).code == 2);
}

TEST_CASE("a running daemon shows its status, reads its file again, and ends on request") {
  Served s;
  const auto status = run({program(), "--status", "--format", "json", "--app-socket", s.dir / "app.sock"});
  CHECK(status.code == 0);
  CHECK(status.out.find("\"client_port\": " + std::to_string(s.port())) != std::string::npos);
  CHECK(run({program(), "--status", "--app-socket", s.dir / "app.sock"}).out.find("APP") != std::string::npos);

  write_file(s.dir / "dlt.conf", "BindAddress = 127.0.0.1\nContextLogLevel = 1\n");
  s.child.send(SIGHUP);
  CHECK(eventually([&] { return s.log().find("configuration applied") != std::string::npos; }));
  write_file(s.dir / "dlt.conf", "rubbish\n");
  s.child.send(SIGHUP);
  CHECK(eventually([&] { return s.log().find("dlt.conf:1") != std::string::npos; }));

  CHECK(s.child.stop(SIGTERM) == 0);
  CHECK_FALSE(std::filesystem::exists(s.dir / "app.sock"));
  CHECK_FALSE(std::filesystem::exists(s.dir / "port"));
}

TEST_CASE("a second program refuses with a clear message and leaves the first alone") {
  Served s;
  const auto second = run({program(), "--app-socket", s.dir / "app.sock", "--port", "0"});
  CHECK(second.code == 1);
  CHECK(second.out.find("another daemon serves") != std::string::npos);
  Peer app = Peer::to_unix(s.dir / "app.sock");
  FrameClient client(s.port());
  REQUIRE(app.send(log(frame(5))));
  CHECK(client.number() == 5);
}

TEST_CASE("a daemon that was killed is replaced by the next one") {
  Served s;
  CHECK(s.child.stop(SIGKILL) == 128 + SIGKILL);
  std::filesystem::remove(s.dir / "port");
  Child next({s.command({}), {}, "", s.dir / "log2", false});
  CHECK(eventually([&] { return std::filesystem::exists(s.dir / "port"); }));
  Peer app = Peer::to_unix(s.dir / "app.sock");
  FrameClient client(s.port());
  REQUIRE(app.send(log(frame(7))));
  CHECK(client.number() == 7);
}

// UBSan's check of an object's type asks the memory through a pipe: without a descriptor for it, it finds each object
// bad.
#if !defined(DLT_WITH_UBSAN)
TEST_CASE("a daemon without free descriptors serves on, and accepts again when there are some") {
  Served s({"prlimit", "--nofile=30"});
  Peer app = Peer::to_unix(s.dir / "app.sock");
  FrameClient client(s.port());
  REQUIRE(app.send(log(frame(0))));
  CHECK(client.number() == 0);
  {
    std::vector<Peer> crowd;
    for (int i = 0; i < 60; ++i) crowd.push_back(Peer::to_unix(s.dir / "app.sock"));
    CHECK(eventually([&] { return s.log().find("cannot accept") != std::string::npos; }));
    REQUIRE(app.send(log(frame(1))));
    CHECK(client.number() == 1);
  }
  CHECK(eventually([&] {
    Peer late = Peer::to_unix(s.dir / "app.sock");
    return late.send(encoded(proto::local::Hello{})) && !late.receive(8).empty();
  }));
  CHECK(s.child.running());
}
#endif

TEST_CASE("a file size limit only makes more files") {
  Served s;
  CHECK(s.child.stop(SIGTERM) == 0);
  auto command = s.command({"prlimit", "--fsize=400000"});
  command.insert(command.end(), {"--storage-dir", s.dir / "stored", "--set", "OfflineTraceCompression=0", "--set",
                                 "OfflineTraceFlushInterval=1"});
  Child storing({command, {}, "", s.dir / "log", false});
  REQUIRE(eventually([&] { return std::filesystem::exists(s.dir / "port"); }));
  Peer app = Peer::to_unix(s.dir / "app.sock");
  FrameClient client(s.port());
  std::thread sender([&] {
    for (std::uint32_t i = 0; i < 10; ++i) app.send(numbered_batch(i * 1000, 1000));
  });
  std::uint32_t wrong = 0;
  for (std::uint32_t i = 0; i < 10'000; ++i)
    if (client.number() != i) ++wrong;
  sender.join();
  CHECK(wrong == 0);
  CHECK(eventually([&] { return s.log().find("storage suspended") != std::string::npos; }));
  CHECK(storing.stop(SIGTERM) == 0);
  std::uint64_t stored = 0;
  for (const auto& e : std::filesystem::directory_iterator(s.dir.path() / "stored")) {
    CHECK(e.file_size() % 86 == 0);
    stored += e.file_size();
  }
  CHECK(stored == 10'000 * 86);
}
