// A client asks for a part of what is logged.
#include <catch2/catch.hpp>

#include "dlt-daemon/support/running_daemon.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace control = dlt::proto::control;
using Numbers = std::vector<std::uint32_t>;

namespace {

// The status of the answer.
int ask(FrameClient& client, std::string_view rules) {
  if (!client.peer().send(request(control::SetClientFilter{rules}))) return -1;
  const auto answer = client.control(static_cast<std::uint32_t>(control::Service::set_client_filter));
  return answer.size() == 27 ? answer[26] : -1;
}

}  // namespace

TEST_CASE("a client with a filter gets what it asks for, and the others everything") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient part = d.client();
  FrameClient all = d.client();
  REQUIRE(ask(part, "APP1\n!:NOIS\n") == 0);
  Peer app = d.app();

  REQUIRE(app.send(batch(frame(0) + frame(1, 0, "OTHR") + frame(2, 0, "APP1", "NOIS") + frame(3)) +
                   log(frame(4, 0, "OTHR")) + log(frame(5))));

  CHECK(part.numbers(3) == Numbers{0, 3, 5});
  CHECK(all.numbers(6) == Numbers{0, 1, 2, 3, 4, 5});
  const auto clients = d.status()["clients"];
  CHECK(clients[0]["filtered"] == 3);
  CHECK(clients[0]["sent"]["messages"] == 3);
  CHECK(clients[1]["filtered"] == 0);
}

TEST_CASE("a filter is replaced by the next, and taken away by an empty one; what was held back stays counted") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  Peer app = d.app();
  REQUIRE(ask(client, "OTHR") == 0);
  REQUIRE(app.send(log(frame(0)) + log(frame(1, 0, "OTHR"))));
  CHECK(client.number() == 1);
  REQUIRE(ask(client, "APP1") == 0);
  REQUIRE(app.send(log(frame(2)) + log(frame(3, 0, "OTHR"))));
  CHECK(client.number() == 2);
  REQUIRE(d.received(4));
  REQUIRE(ask(client, "") == 0);
  REQUIRE(app.send(log(frame(4)) + log(frame(5, 0, "OTHR"))));
  CHECK(client.numbers(2) == Numbers{4, 5});
  CHECK(d.status()["clients"][0]["filtered"] == 2);
}

TEST_CASE("rules that are none are refused, and the old ones stay") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  Peer app = d.app();
  REQUIRE(ask(client, "APP1") == 0);
  CHECK(ask(client, "TOOLONG") == 2);
  CHECK(ask(client, "APP1\nA:B:C:D") == 2);
  CHECK(ask(client, "::nolevel") == 2);
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "A\n";
  CHECK(ask(client, many) == 2);

  REQUIRE(app.send(log(frame(0, 0, "OTHR")) + log(frame(1))));
  CHECK(client.number() == 1);
}
