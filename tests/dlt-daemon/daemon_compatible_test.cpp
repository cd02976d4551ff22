// What the incumbent's configuration asks for: the socket for control, serial headers, version and zone, levels that
// stay and levels that are forced.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/running_daemon.hpp"
#include "dlt/proto/message.hpp"
#include "zone.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace control = dlt::proto::control;
namespace local = dlt::proto::local;

namespace {

// The LogLevel answers among what an application is sent, as "level/trace", until there are n.
std::vector<std::string> levels(Peer& app, std::size_t n) {
  constexpr std::size_t size = local::header_size + 6;
  std::vector<std::string> out;
  while (out.size() < n) {
    std::string head = app.receive(local::header_size);
    if (head.size() < local::header_size) break;
    const auto type = proto::load_le<std::uint32_t>(head.data() + 4);
    const bool level = type == static_cast<std::uint32_t>(local::Type::log_level);
    const std::string body = app.receive(level ? size - local::header_size : 1);  // else a LogState
    if (level) out.push_back(std::to_string(body[0]) + "/" + std::to_string(body[1]));
  }
  return out;
}

std::uint8_t status_of(const std::string& answer) {
  return answer.size() < 27 ? 0xff : static_cast<std::uint8_t>(answer[26]);
}

std::uint32_t service(control::Service s) { return static_cast<std::uint32_t>(s); }

}  // namespace

TEST_CASE("the socket for control answers requests and sends nothing else") {
  TempDir dir;
  auto config = config_in(dir);
  config.control_socket = dir / "ctrl.sock";
  RunningDaemon d(config);
  Peer app = d.app();
  REQUIRE(app.send(registration() + log(frame(0))));
  REQUIRE(d.received(1));
  Peer controller = Peer::to_unix(dir / "ctrl.sock");

  REQUIRE(controller.send(request(control::GetSoftwareVersion{})));
  const auto version = controller.receive();
  REQUIRE(app.send(log(frame(1)) + encoded(local::Marker{})));
  REQUIRE(d.received(2));
  REQUIRE(controller.send(request(control::GetDefaultLogLevel{})));
  const auto level = controller.receive();

  REQUIRE(version.size() > 27);
  CHECK(proto::load_le<std::uint32_t>(version.data() + 22) == service(control::Service::get_software_version));
  CHECK(version.size() == proto::load_be<std::uint16_t>(version.data() + 2));
  REQUIRE(level.size() == 28);
  CHECK(proto::load_le<std::uint32_t>(level.data() + 22) == service(control::Service::get_default_log_level));
  FrameClient viewer = d.client();
  CHECK(viewer.numbers(2) == std::vector<std::uint32_t>{0, 1});  // a controller has not taken the backlog
}

TEST_CASE("messages with the ECU id that libraries write get the daemon's, those with another one keep it") {
  TempDir dir;
  auto config = config_in(dir);
  config.ecu = "MINE";
  RunningDaemon d(config);
  FrameClient viewer = d.client();
  Peer app = d.app();
  const auto of = [](std::uint32_t number, EcuId ecu) { return frame(number).replace(4, 4, ecu.bytes(), 4); };
  const std::string bare(
      "\x20\x00\x00\x08"
      "ECU1",
      8);  // no ECU id, and a payload that looks like it

  REQUIRE(app.send(log(of(0, "ECU1")) + log(of(1, "ECU2")) + log(bare) + log(of(2, "ECU1"))));

  const auto next = [&viewer] {
    for (;;) {
      auto f = viewer.frame();
      const auto message = proto::MessageView::parse(proto::as_bytes(f));
      if (!message || message->type() != proto::MessageType::control) return f;
    }
  };
  CHECK(next() == of(0, "MINE"));
  CHECK(next() == of(1, "ECU2"));
  CHECK(next() == bare);
  CHECK(next() == of(2, "MINE"));
}

TEST_CASE("an application is not told that a client is there for a connection to the socket for control") {
  TempDir dir;
  auto config = config_in(dir);
  config.control_socket = dir / "ctrl.sock";
  RunningDaemon d(config);
  Peer controller = Peer::to_unix(dir / "ctrl.sock");
  REQUIRE(d.clients(1));
  Peer app = d.app();
  REQUIRE(app.send(registration()));

  const auto state = encoded(local::LogState{0});
  CHECK(app.receive(state.size()) == state);
  (void)app.receive(local::header_size + 6);
  FrameClient viewer = d.client();
  CHECK(app.receive(state.size()) == encoded(local::LogState{1}));
  viewer.peer().close();
  CHECK(app.receive(state.size()) == state);
}

TEST_CASE("with serial headers every message to a client has one, and requests may have one") {
  TempDir dir;
  auto config = config_in(dir);
  config.send_serial_header = true;
  RunningDaemon d(config);
  Peer app = d.app();
  REQUIRE(app.send(registration() + numbered_batch(0, 3)));
  REQUIRE(d.received(3));
  Peer client = Peer::to_tcp(d.client_port());
  REQUIRE(client.send("DLS\x01" + request(control::GetDefaultLogLevel{})));
  REQUIRE(d.clients(1));
  REQUIRE(app.send(numbered_batch(3, 3)));

  std::vector<std::uint32_t> seen;
  bool answered = false;
  while (seen.size() < 6 || !answered) {
    const auto head = client.receive(8);
    REQUIRE(head.size() == 8);
    REQUIRE(head.substr(0, 4) == "DLS\x01");
    const auto n = proto::load_be<std::uint16_t>(head.data() + 6);
    const auto f = head.substr(4) + client.receive(n - 4U);
    REQUIRE(f.size() == n);
    if (f[0] == 0x3d) seen.push_back(number_of(proto::as_bytes(f)));
    else answered |= proto::load_le<std::uint32_t>(f.data() + 22) == service(control::Service::get_default_log_level);
  }
  CHECK(seen == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a client that connects is told the software version and the time zone where that is asked for") {
  TempDir dir;
  write_file(dir / "release", "NAME=box\nVERSION=\"7.1\"\n");
  auto config = config_in(dir);
  config.send_version = true;
  config.version_file = dir / "release";
  config.version_field = "VERSION";
  config.send_timezone = true;
  RunningDaemon d(config);
  FrameClient client = d.client();

  const auto version = client.control(service(control::Service::get_software_version));
  const auto zone = client.control(service(control::Service::timezone));

  REQUIRE(version.size() == 34);
  CHECK(version.substr(31) == "7.1");
  REQUIRE(zone.size() == 32);
  CHECK(status_of(zone) == 0);
  CHECK(proto::load_le<std::uint32_t>(zone.data() + 27) == static_cast<std::uint32_t>(zone_now().offset_s));
}

TEST_CASE("levels that a client has stored outlive the daemon, until it resets them") {
  TempDir dir;
  auto config = config_in(dir);
  config.persistence_directory = dir / "kept";
  {
    RunningDaemon d(config);
    Peer app = d.app();
    REQUIRE(app.send(registration("APP1", {"ONE", "TWO"})));
    CHECK(levels(app, 2) == std::vector<std::string>{"4/0", "4/0"});
    FrameClient client = d.client();
    REQUIRE(client.peer().send(request(control::SetLogLevel{"APP1", "TWO", 6}) + request(control::StoreConfig{})));
    CHECK(status_of(client.control(service(control::Service::store_config))) == 0);
  }
  CHECK(read_file(dir / "kept/dlt-runtime-context.cfg") == "APP1:ONE:-1:-1:a context:\nAPP1:TWO:6:-1:a context:\n");
  CHECK(read_file(dir / "kept/dlt-runtime-application.cfg") == "APP1:an application:\n");
  {
    RunningDaemon d(config);
    Peer app = d.app();
    REQUIRE(app.send(registration("APP1", {"ONE", "TWO"})));
    CHECK(levels(app, 2) == std::vector<std::string>{"4/0", "6/0"});
    FrameClient client = d.client();
    REQUIRE(client.peer().send(request(control::ResetToFactoryDefault{})));
    CHECK(status_of(client.control(service(control::Service::reset_to_factory_default))) == 0);
    CHECK(std::filesystem::is_empty(dir / "kept"));
    Peer again = d.app();
    REQUIRE(again.send(registration("APP2", {"TWO"})));
    CHECK(levels(again, 1) == std::vector<std::string>{"4/0"});
  }
}

TEST_CASE("storing levels is refused where there is no place, and says so where the place is wrong") {
  TempDir dir;
  auto config = config_in(dir);
  {
    RunningDaemon d(config);
    FrameClient client = d.client();
    REQUIRE(client.peer().send(request(control::StoreConfig{})));
    CHECK(status_of(client.control(service(control::Service::store_config))) == 1);
  }
  write_file(dir / "file", "x");
  config.persistence_directory = dir / "file";
  RunningDaemon d(config);
  FrameClient client = d.client();
  REQUIRE(client.peer().send(request(control::StoreConfig{})));
  CHECK(status_of(client.control(service(control::Service::store_config))) == 2);
}

TEST_CASE("what is above forced levels goes nowhere and is counted") {
  TempDir dir;
  auto config = config_in(dir);
  config.force_levels = true;
  config.context_level = 4;
  RunningDaemon d(config);
  FrameClient client = d.client();
  Peer app = d.app();
  REQUIRE(app.send(encoded(local::RegisterContext{"APP1", "CTX1", 0, 6, 1, 1, ""})));
  CHECK(levels(app, 1) == std::vector<std::string>{"4/0"});
  const auto with_msin = [](std::uint32_t n, std::uint8_t msin) {
    auto f = frame(n);
    f[16] = static_cast<char>(msin);
    return f;
  };

  REQUIRE(app.send(batch(frame(0) + with_msin(1, 0x51) + with_msin(2, 0x61) + with_msin(3, 0x31) + with_msin(4, 0x15)) +
                   log(with_msin(5, 0x51)) + log(frame(6))));

  CHECK(client.numbers(3) == std::vector<std::uint32_t>{0, 3, 6});
  CHECK(eventually([&] { return d.status()["totals"]["above_level"] == 4; }));
}

TEST_CASE("what is over a quota is counted for its application and told to clients") {
  TempDir dir;
  auto config = config_in(dir);
  config.quotas = {{AppId("APP1"), {1, 1000}}};
  RunningDaemon d(config);
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  Peer app = d.app();
  REQUIRE(app.send(registration() + numbered_batch(0, 100, 70)));  // 100 bytes each

  CHECK(client.numbers(10) == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  const auto told = client.control(service(control::Service::message_buffer_overflow));
  REQUIRE(told.size() == 32);
  CHECK(told.substr(14, 4) == "APP1");
  CHECK(proto::load_le<std::uint32_t>(told.data() + 28) == 90);
  const auto status = d.status();
  CHECK(status["applications"][0]["lost"]["quota"] == 90);
  CHECK(status["totals"]["over_quota"] == 90);
}

TEST_CASE("repetitions are left out, and a message of the context says how many there were, also in the file") {
  TempDir dir;
  auto config = config_in(dir);
  config.suppress_repetitions = true;
  RunningDaemon d(config);
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  Peer app = d.app();
  std::string same;
  for (int i = 0; i < 50; ++i) same += frame(1);
  REQUIRE(app.send(registration() + batch(frame(0) + same + frame(2))));

  CHECK(client.numbers(3) == std::vector<std::uint32_t>{0, 1, 2});
  REQUIRE_FALSE(client.others().empty());
  CHECK(client.others().back().find("came 49 times more") != std::string::npos);
  REQUIRE(app.send(log(frame(2))));  // nothing follows: it is told all the same
  std::string note;
  while ((note = client.frame()).find("more") == std::string::npos) REQUIRE_FALSE(note.empty());
  CHECK(note.find("came 1 time more") != std::string::npos);
  CHECK(d.status()["totals"]["repetitions"] == 50);
}
