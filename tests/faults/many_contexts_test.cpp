// F30: one application with ten thousand contexts, a thousand applications; all are served, or what is refused is
// counted; a list of all of them is complete.
#include <catch2/catch.hpp>

#include <set>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

struct Listed {
  std::set<std::string> contexts;  // both ids
  std::size_t answers = 0;
  std::size_t twice = 0;
  std::chrono::milliseconds took{};
};

// Asks for every context. The answer to a request behind that one says that the list has ended.
Listed list_all(const Daemon& daemon) {
  const auto client = RawPeer::to_tcp(daemon.port());
  const auto begin = std::chrono::steady_clock::now();
  Listed listed;
  if (!client.send(request(control::GetLogInfo{7, {}, {}}) + request(control::GetLocalTime{}))) return listed;
  proto::Framer framer;
  for (;;) {
    const auto bytes = client.receive();
    if (bytes.empty()) return listed;
    framer.feed(proto::as_bytes(bytes));
    while (const auto f = framer.next()) {
      if (static_cast<std::uint8_t>(f->bytes[0]) != 0x35) continue;
      const auto response = control::decode_response(f->bytes.subspan(22), std::endian::little);
      if (!response) continue;
      if (const auto* plain = std::get_if<control::Plain>(&*response);
          plain != nullptr && plain->service == control::Service::get_local_time) {
        listed.took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
        return listed;
      }
      const auto* info = std::get_if<control::LogInfo>(&*response);
      if (info == nullptr) continue;
      ++listed.answers;
      for (const auto& a : info->applications)
        for (const auto& c : a.contexts)
          if (!listed.contexts.insert(std::string(a.id.bytes(), 4) + std::string(c.id.bytes(), 4)).second)
            ++listed.twice;
    }
  }
}

}  // namespace

TEST_CASE("F30: a thousand applications, as many as the limit allows, the rest counted", "[F30]") {
  constexpr std::size_t count = 1000 / scale;
  REQUIRE(many_descriptors() > count + 100);
  constexpr std::size_t allowed = count * 8 / 10;
  for (const bool enough : {true, false}) {
    Daemon daemon(DLT_DAEMON, {{"MaxApplications", std::to_string(count + 10)},
                               {"MaxApplicationsPerUser", std::to_string(enough ? count + 10 : allowed)}});
    daemon.start();
    std::vector<RawPeer> apps;
    std::size_t sent = 0;
    for (std::size_t i = 0; i < count; ++i) {
      apps.push_back(RawPeer::to_unix(daemon.dir() / "app.sock"));
      char id[8];
      std::snprintf(id, sizeof id, "A%03zu", i);
      // One that is refused may find that out while it is sending.
      sent += apps.back().send(registration(AppId(id)) + log(frame(7, 0, AppId(id)))) ? 1U : 0U;
    }
    const std::size_t expected = enough ? count : allowed;
    CHECK(sent >= expected);
    CHECK(eventually([&] { return look(daemon).at("totals").at("received_messages") == expected; }));
    CHECK(list_all(daemon).contexts.size() == expected);
    CHECK(refused(daemon, "connections_per_user") == count - expected);
    CHECK(look(daemon).at("applications").size() == expected);
    apps.clear();
    CHECK(eventually([&] { return look(daemon).at("users").empty(); }));
    CHECK(daemon.stop() == 0);
  }
}

TEST_CASE("F30: contexts beyond a user's limit are refused and counted, their messages are not", "[F30]") {
  Daemon daemon(DLT_DAEMON, {{"MaxContextsPerUser", "100"}});
  daemon.start();
  Child app({.command = {std::string(DLT_FAULT_APPS) + "/contexts", "MANY", "300"},
             .environment = {{"DLT_DAEMON_ADDRESS", daemon.address()}},
             .with_input = true});
  CHECK(eventually([&] { return refused(daemon, "contexts_per_user") == 200; }));
  app.say("quit");
  CHECK(app.wait() == 0);
  CHECK(look(daemon).at("totals").at("received_messages") == 300);
  CHECK(daemon.log().find("contexts_per_user") != std::string::npos);
  CHECK(daemon.stop() == 0);
}
