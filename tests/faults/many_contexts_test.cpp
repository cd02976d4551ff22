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
  std::set<std::string> contexts;  // both ids, of the list that is being read
  std::size_t answers = 0;         // frames
  std::size_t longest = 0;         // bytes of one of them
  std::size_t twice = 0;
  std::size_t complete = 0;  // how often the set was full
  std::chrono::milliseconds took{};
};

// Reads lists until the answer to get_local_time, which was asked for behind them, says that they have ended. A list is
// complete when it has `expected` contexts; then the next one begins. `pause`: between two reads.
Listed read_lists(const RawPeer& client, std::size_t expected, std::chrono::milliseconds pause = {}) {
  const auto begin = std::chrono::steady_clock::now();
  Listed listed;
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
      listed.longest = std::max(listed.longest, f->bytes.size());
      if (listed.contexts.size() == expected) listed.contexts.clear();
      for (const auto& a : info->applications)
        for (const auto& c : a.contexts)
          if (!listed.contexts.insert(std::string(a.id.bytes(), 4) + std::string(c.id.bytes(), 4)).second)
            ++listed.twice;
      if (listed.contexts.size() == expected) ++listed.complete;
    }
    if (pause.count() != 0) std::this_thread::sleep_for(pause);
  }
}

// Asks for every context.
Listed list_all(const Daemon& daemon, std::size_t expected) {
  const auto client = RawPeer::to_tcp(daemon.port());
  if (!client.send(request(control::GetLogInfo{7, {}, {}}) + request(control::GetLocalTime{}))) return {};
  return read_lists(client, expected);
}

// An application that registers so many contexts, and nothing else.
RawPeer with_contexts(const Daemon& daemon, std::size_t count) {
  auto app = RawPeer::to_unix(daemon.dir() / "app.sock");
  std::string all = registration("MANY", {});
  for (std::size_t i = 0; i < count; ++i) {
    constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    const char id[] = {'C', digits[i / 1024 % 32], digits[i / 32 % 32], digits[i % 32], 0};
    all += encoded(proto::local::RegisterContext{"MANY", ContextId(id), static_cast<std::int32_t>(i), -2, -2, 4711,
                                                 "one of many"});
  }
  // The daemon answers each with a level.
  std::thread answers([&app] {
    while (!app.receive().empty()) {
    }
  });
  const bool sent = app.send(all);
  const bool there = eventually([&] {
    const auto users = look(daemon).at("users");
    return !users.empty() && users.at(0).at("contexts") == count;
  });
  shutdown(app.fd(), SHUT_RD);
  answers.join();
  if (!sent || !there) throw std::runtime_error("not all contexts are registered");
  return app;
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
    const auto listed = list_all(daemon, expected);
    CHECK(listed.complete == 1);
    CHECK(listed.twice == 0);
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

TEST_CASE("F30: ten thousand contexts are registered, and listed in answers that each fit a frame", "[F30]") {
  constexpr std::size_t count = 10'000 / scale;
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  const auto before = cpu_time(daemon.process().pid());
  const auto app = with_contexts(daemon, count);
  const auto cpu = cpu_time(daemon.process().pid()) - before;
  for (const char* why : {"contexts", "contexts_per_user", "applications", "foreign_id"})
    CHECK(refused(daemon, why) == 0);

  const auto listed = list_all(daemon, count);
  CHECK(listed.complete == 1);
  CHECK(listed.contexts.size() == count);
  CHECK(listed.twice == 0);
  if constexpr (scale == 1) {  // more than one frame holds
    CHECK(listed.answers > 1);
    CHECK(listed.longest < 4500);  // what dlt-control and python-dlt can read
  }
  CHECK(daemon.stop() == 0);
  WARN("F30: " << count << " contexts registered with " << cpu.count() << " ms of the daemon's processor time, with "
               << "the looks at its status; the list came in " << listed.took.count() << " ms, in " << listed.answers
               << " answers");
}

TEST_CASE("F30: a client that asks for 200 long lists at once and reads slowly gets each of them", "[F30]") {
  constexpr std::size_t contexts = 4000 / scale;  // more than one frame holds
  constexpr std::size_t lists = 200 / scale;
  Daemon daemon(DLT_DAEMON, {{"ClientTimeout", "3600"}});
  daemon.start();
  const auto app = with_contexts(daemon, contexts);
  const auto rss = kib(daemon.process().pid(), "VmRSS");
  const auto client = RawPeer::to_tcp(daemon.port(), 4096);
  std::string requests;
  for (std::size_t i = 0; i < lists; ++i) requests += request(control::GetLogInfo{7, {}, {}});
  REQUIRE(client.send(requests + request(control::GetLocalTime{})));
  const auto listed = read_lists(client, contexts, std::chrono::milliseconds(1));

  CHECK(listed.complete == lists);
  CHECK(listed.twice == 0);
  // The answers that wait have a limit: all of them together would be 16 MB.
  INFO("peak memory from " << rss << " to " << kib(daemon.process().pid(), "VmHWM") << " KiB");
  if (!sanitized) CHECK(kib(daemon.process().pid(), "VmHWM") < rss + 8 * 1024);
  CHECK(daemon.stop() == 0);
}
