// Sockets that systemd opened, passed by systemd's own program for that, systemd-socket-activate.
#include "session/inherited.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "dlt-daemon/support/peers.hpp"
#include "dlt-daemon/support/program.hpp"
#include "dlt-daemon/support/running_daemon.hpp"
#include "session/listen.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;
using daemon::Fd;
using daemon::Inherited;

namespace {

// As systemd binds it: under its own name.
Fd unix_listener(const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::strncpy(where.sun_path, path.c_str(), sizeof where.sun_path - 1);
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) == 0);
  REQUIRE(::listen(socket.get(), 16) == 0);
  return socket;
}

Fd tcp_listener() {
  auto socket = daemon::listen_tcp("127.0.0.1", 0);
  REQUIRE(socket);
  return *std::move(socket);
}

// A port that was free a moment ago.
std::string some_port() { return std::to_string(daemon::port_of(tcp_listener())); }

struct Activated {
  TempDir dir;
  std::string port = some_port();
  Child child;

  explicit Activated(const std::string& names, bool with_control = false)
      : child({command(names, with_control), {}, "", dir / "log", false}) {
    if (!eventually([&] { return std::filesystem::exists(dir / "app.sock"); })) throw std::runtime_error("no socket");
  }
  [[nodiscard]] std::vector<std::string> command(const std::string& names, bool with_control) const {
    std::vector<std::string> line{"systemd-socket-activate", "--listen", dir / "app.sock", "--listen",
                                  "127.0.0.1:" + port};
    if (with_control) line.insert(line.end(), {"--listen", dir / "ctl.sock"});
    for (const auto& word : {"--fdname=" + names, program(), std::string("--config"), std::string("/dev/null"),
                             std::string("--set"), std::string("BindAddress=127.0.0.1"), std::string("--port"),
                             std::string("0"), std::string("--app-socket"), dir / "other.sock"})
      line.push_back(word);
    return line;
  }
  [[nodiscard]] std::string log() const { return read_file(dir / "log"); }
  // An application is what starts the daemon.
  [[nodiscard]] Peer app() const {
    std::optional<Peer> peer;
    const bool connected = eventually([&] {
      try {
        peer.emplace(Peer::to_unix(dir / "app.sock"));
      } catch (const std::exception&) {
        return false;  // bound, but not listening yet
      }
      return true;
    });
    REQUIRE(connected);
    return std::move(*peer);
  }
};

}  // namespace

TEST_CASE("a connection starts the daemon, which serves on the sockets that systemd has, and leaves them there") {
  Activated s("app:client");
  Peer app = s.app();
  REQUIRE(app.send(log(frame(7))));

  FrameClient client(static_cast<std::uint16_t>(std::stoi(s.port)));
  CHECK(client.number() == 7);
  CHECK(s.log().find("socket 'app' from systemd: " + (s.dir / "app.sock")) != std::string::npos);
  CHECK(s.log().find("socket 'client' from systemd: 127.0.0.1:" + s.port) != std::string::npos);
  CHECK(std::filesystem::exists(s.dir / "control.sock"));  // beside the socket that came, and its own
  CHECK_FALSE(std::filesystem::exists(s.dir / "other.sock"));

  CHECK(s.child.stop(SIGTERM) == 0);
  CHECK(std::filesystem::exists(s.dir / "app.sock"));
  CHECK_FALSE(std::filesystem::exists(s.dir / "control.sock"));
}

TEST_CASE("the status is asked at a socket of systemd's too") {
  Activated s("app:client:control", true);
  const Peer app = s.app();

  std::string answer;
  CHECK(eventually([&] {
    const auto asked = daemon::ask_status(s.dir / "ctl.sock");
    if (asked) answer = *asked;
    return asked.has_value();
  }));
  const auto status = nlohmann::json::parse(answer);
  CHECK(status["app_socket"] == s.dir / "app.sock");
  CHECK(status["client_port"] == std::stoi(s.port));
  CHECK(s.child.stop(SIGTERM) == 0);
  CHECK(std::filesystem::exists(s.dir / "ctl.sock"));
}

TEST_CASE("a socket with a name that means nothing is not used, which is said, and the daemon opens its own") {
  Activated s("app:web");
  Peer app = s.app();
  CHECK(eventually([&] { return s.log().find("serving applications") != std::string::npos; }));

  CHECK(s.log().find("systemd passed a socket 'web' (127.0.0.1:" + s.port + "): not used") != std::string::npos);
  CHECK_THROWS(Peer::to_tcp(static_cast<std::uint16_t>(std::stoi(s.port))));  // nobody listens there any more
}

TEST_CASE("a socket that does not fit its name ends the start with what is wrong") {
  Activated s("client:app");
  const Peer app = s.app();

  CHECK(s.child.wait() == 1);
  CHECK(s.log().find("socket 'client' (" + (s.dir / "app.sock") + ") that is no listening TCP stream socket") !=
        std::string::npos);
}

TEST_CASE("descriptors are judged one by one: purpose, family, type, listening") {
  spdlog::set_level(spdlog::level::off);
  const TempDir dir;
  Inherited in;

  CHECK_FALSE(in.add("app", unix_listener(dir / "a")));
  CHECK_FALSE(in.add("app", tcp_listener()));
  CHECK_FALSE(in.add("client", tcp_listener()));
  CHECK_FALSE(in.add("control", unix_listener(dir / "c")));
  CHECK_FALSE(in.add("unknown", tcp_listener()));
  CHECK_FALSE(in.add("", Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC))));

  CHECK(in.add("control", tcp_listener()));
  CHECK(in.add("client", unix_listener(dir / "d")));
  CHECK(in.add("app", Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))));
  CHECK(in.add("app", Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))));
  CHECK(in.add("client", Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC))));

  CHECK(in.app.size() == 1);
  CHECK(in.app_tcp.size() == 1);
  CHECK(in.client.size() == 1);
  CHECK(in.control.size() == 1);
  CHECK(in.app_path == dir / "a");
  CHECK(in.control_path == dir / "c");
}

TEST_CASE("an inherited TCP socket for applications serves beside the daemon's own Unix socket") {
  const TempDir dir;
  Inherited in;
  auto tcp = tcp_listener();
  const auto port = daemon::port_of(tcp);
  REQUIRE_FALSE(in.add("app", std::move(tcp)));
  auto started = daemon::Daemon::start(config_in(dir), std::move(in));
  REQUIRE(started);
  std::thread io([&] { (*started)->run(); });

  Peer remote = Peer::to_tcp(port);
  FrameClient client((*started)->client_port());
  const bool sent = remote.send(log(frame(3)));
  const auto first = client.number();
  Peer local = Peer::to_unix(dir / "app.sock");
  const bool sent_locally = local.send(log(frame(4)));
  const auto second = client.number();
  (*started)->stop();
  io.join();

  CHECK((sent && sent_locally));
  CHECK(first == 3);
  CHECK(second == 4);
}

TEST_CASE("a changed configuration leaves an inherited socket alone") {
  const TempDir dir;
  Inherited in;
  REQUIRE_FALSE(in.add("app", unix_listener(dir / "given")));
  auto started = daemon::Daemon::start(config_in(dir), std::move(in));
  REQUIRE(started);
  daemon::Daemon& d = **started;
  std::thread io([&] { d.run(); });
  auto fresh = config_in(dir);
  fresh.context_level = 1;

  d.reload(fresh);
  Peer app = Peer::to_unix(dir / "given");
  FrameClient client(d.client_port());
  const bool sent = app.send(log(frame(9)));
  const auto number = client.number();
  d.stop();
  io.join();

  CHECK(sent);
  CHECK(number == 9);
  CHECK(d.config().app_socket == dir / "given");
  started = std::make_error_code(std::errc::operation_canceled);  // the daemon is gone
  CHECK(std::filesystem::exists(dir / "given"));
  CHECK_FALSE(std::filesystem::exists(dir / "app.sock"));
}
