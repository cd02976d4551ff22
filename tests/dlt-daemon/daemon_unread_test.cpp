// Applications that do not read what the daemon has for them.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/running_daemon.hpp"

using namespace dlt;
using namespace dlt::test;
namespace control = proto::control;
namespace local = proto::local;

namespace {

constexpr std::uint32_t service = 0x1000;

// The status in the answer to an injection; 255: there is none.
unsigned inject(FrameClient& client, std::string_view data, ContextId context = "CTX1") {
  if (!client.peer().send(request(control::Injection{service, proto::as_bytes(data)}, "APP1", context))) return 255;
  const std::string answer = client.control(service);
  return answer.size() == 27 ? static_cast<unsigned char>(answer[26]) : 255;
}

// Injects until the daemon says that it cannot; how often it said that it did.
std::size_t fill(FrameClient& client, std::string_view data) {
  std::size_t n = 0;
  unsigned status = 0;
  for (; n < 1000 && (status = inject(client, data)) == 0; ++n) continue;
  REQUIRE(status == 2);
  return n;
}

// All that the application has been sent up to this message.
std::string received_up_to(Peer& app, const std::string& last) {
  std::string received;
  CHECK(eventually([&] {
    received += app.receive();
    return received.ends_with(last);
  }));
  return received;
}

std::size_t times(const std::string& in, const std::string& what) {
  std::size_t n = 0;
  for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + what.size())) ++n;
  return n;
}

// An application that reads nothing before the test does.
struct Unread {
  Unread() { REQUIRE(app.send(registration())); }

  FrameClient client() {
    FrameClient made = d.client();
    REQUIRE(eventually([&] { return d.status()["applications"].size() == 1; }));
    return made;
  }

  TempDir dir;
  RunningDaemon d{config_in(dir)};
  Peer app{d.app()};
};

const std::string data(20'000, 'x');

}  // namespace

TEST_CASE("who injects is told where the application does not read, and what was not delivered is counted") {
  Unread u;
  FrameClient client = u.client();
  const std::size_t taken = fill(client, data);

  CHECK(u.d.status()["refused"]["unread"] == 1);
  CHECK(inject(client, data) == 2);
  CHECK(u.d.status()["refused"]["unread"] == 2);
  const auto whole = encoded(local::Injection{0, service, proto::as_bytes(data)});
  std::string received;
  CHECK(eventually([&] { return received += u.app.receive(), times(received, whole) == taken; }));
  CHECK(inject(client, "again") == 0);
  CHECK(received_up_to(u.app, encoded(local::Injection{0, service, proto::as_bytes("again")})).size() <
        2 * whole.size());
}

TEST_CASE("an answer about a snapshot that its application does not read is counted") {
  Unread u;
  FrameClient client = u.client();
  (void)fill(client, data);

  REQUIRE(u.app.send(encoded(local::SnapshotRequest{7, "to see"})));

  CHECK(eventually([&] { return u.d.status()["refused"]["unread"] == 2; }));
}

TEST_CASE("an application that did not read when a client left hears of it when it reads") {
  Unread u;
  {
    FrameClient client = u.client();
    (void)fill(client, data);
  }
  REQUIRE(u.d.clients(0));

  (void)received_up_to(u.app, encoded(local::LogState{0}));
}
