// A daemon that is refused memory (F33) while a client asks for what changes something, and while an application says
// all that it can say.
#include "dlt/proto/framer.hpp"
#include "faults/starved_daemon.hpp"
#include "faults/told_application.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;
namespace local = dlt::proto::local;

namespace {

// An application with two contexts and a client, connected while there was memory.
struct Scene {
  ToldApplication app;
  RawPeer client;
  std::optional<control::Status> answered{};  // nothing: the client has lost its connection, or the application has
};

// What the daemon answers to `service`, or nothing: the connection is gone, or the deadline has passed (`late`).
std::optional<control::Status> answer_to(const RawPeer& client, control::Service service, bool& late) {
  proto::Framer framer;
  for (;;) {
    errno = 0;
    const std::string some = client.receive();
    late = some.empty() && errno == EAGAIN;
    if (some.empty()) return std::nullopt;
    framer.feed(proto::as_bytes(some));
    while (const auto frame = framer.next()) {
      const auto payload = frame->bytes.subspan(proto::headers_size(static_cast<std::uint8_t>(frame->bytes[0])));
      if (payload.size() >= 5 && proto::load_le<std::uint32_t>(payload.data()) == static_cast<std::uint32_t>(service))
        return static_cast<control::Status>(payload[4]);
    }
  }
}
std::optional<control::Status> ask(const RawPeer& client, const control::Request& what, bool& late) {
  if (!client.send(request(what, "APP1", "CTX1"))) return std::nullopt;
  return answer_to(client, control::service_of(what), late);
}

constexpr std::int8_t default_before = 2;

Scene connected(const StarvedDaemon& d) {
  Scene scene{ToldApplication(RawPeer::to_unix(d.daemon.dir() / "app.sock")), RawPeer::to_tcp(d.daemon.port())};
  bool late = false;
  REQUIRE(ask(scene.client, control::SetDefaultLogLevel{default_before}, late) == control::Status::ok);
  REQUIRE(scene.app.send(registration("APP1", {"CTX1", "CTX2"})));
  REQUIRE(eventually([&] { return scene.app.listen(), scene.app.levels().size() == 2; }));
  return scene;
}

// Everything that a client can change, one after the other.
bool change_everything(const Scene& scene) {
  const std::vector<control::Request> all{control::SetLogLevel{"APP1", "CTX1", 6},
                                          control::SetLogLevel{"APP1", "", 3},
                                          control::SetTraceStatus{"APP1", "CTX2", 1},
                                          control::SetDefaultLogLevel{5},
                                          control::SetDefaultTraceStatus{1},
                                          control::GetDefaultLogLevel{},
                                          control::SetAllTraceStatus{0},
                                          control::SetAllLogLevel{-1},
                                          control::SetTimingPackets{1},
                                          control::SetTimingPackets{0},
                                          control::GetMessageBufferOverflow{},
                                          control::SetClientFilter{"APP1:CTX1\n!:CTX2:debug\n"},
                                          control::StoreConfig{},
                                          control::ResetToFactoryDefault{},
                                          control::OtherRequest{control::Service::set_message_filtering, {}},
                                          control::GetLocalTime{}};
  for (const auto& one : all) {
    bool late = false;
    if (!ask(scene.client, one, late)) return !late;
  }
  return true;
}

// What a client is told of a context's level is what its application was told, unless that has lost its connection.
bool levels_agree(const StarvedDaemon& d, Scene& scene) {
  const auto client = RawPeer::to_tcp(d.daemon.port());
  std::string heard;
  if (!client.send(request(control::GetDefaultLogLevel{}))) return false;
  int level = -1;
  proto::Framer framer;
  while (level < 0) {
    heard = client.receive();
    if (heard.empty()) return false;
    framer.feed(proto::as_bytes(heard));
    while (const auto frame = framer.next())
      if (frame->bytes.size() == 28 && proto::load_le<std::uint32_t>(frame->bytes.data() + 22) == 4)
        level = static_cast<int>(frame->bytes[27]);
  }
  bool agree = false;
  const bool settled = eventually(
      [&] {
        scene.app.listen();
        agree = scene.app.gone();
        if (agree) return true;
        const auto status = look(d.daemon);
        for (const auto& app : status.at("applications")) {
          if (app.at("id") != "APP1") continue;
          agree = true;
          for (const auto& context : app.at("contexts")) {
            const auto told = scene.app.levels().find(context.at("id") == "CTX1" ? 0 : 1);
            const int set = context.at("level").get<int>();
            if (told == scene.app.levels().end() || told->second.log_level != (set >= 0 ? set : level)) agree = false;
          }
        }
        return agree;
      },
      std::chrono::seconds(5));
  if (!settled)
    WARN("the daemon's default is " << level << ", the application was told " << int{scene.app.levels().at(0).log_level}
                                    << " and " << int{scene.app.levels().at(1).log_level} << ": "
                                    << look(d.daemon).at("applications").dump());
  return settled && agree;
}

}  // namespace

TEST_CASE("F33: a daemon without memory for what a client changes lives, and no application has another level",
          "[F33]") {
  fault_f33(
      "requests", 1, {{"PersistanceStoragePath", "./stored"}}, connected,
      [](StarvedDaemon&, const Scene& scene, int) { return change_everything(scene); },
      [](StarvedDaemon& d, Scene& scene) {
        return levels_agree(d, scene) && change_everything(connected(d)) &&
               std::filesystem::is_empty(d.daemon.dir() / "stored");
      });
}

TEST_CASE("F33: a daemon without memory for an injection lives, and who was told that it was delivered is right",
          "[F33]") {
  const auto inject = [](StarvedDaemon&, Scene& scene, int) {
    bool late = false;
    const std::string text(5000, 'i');
    scene.answered = ask(scene.client, control::Injection{0x1000, proto::as_bytes(text)}, late);
    return !late;
  };
  const auto delivered = [](StarvedDaemon&, Scene& scene) {
    return scene.answered != control::Status::ok ||
           eventually([&] { return scene.app.listen(), !scene.app.injections().empty() || scene.app.gone(); });
  };
  fault_f33("an injection", 1, {}, connected, inject, [&](StarvedDaemon& d, Scene& scene) {
    Scene again = connected(d);
    return delivered(d, scene) && (scene.answered != control::Status::ok || !scene.app.injections().empty()) &&
           inject(d, again, 0) && again.answered == control::Status::ok && delivered(d, again);
  });
}

TEST_CASE("F33: a daemon without memory for a viewer's filter lives, and the viewer gets what passes or is gone",
          "[F33]") {
  const auto filtered = [](StarvedDaemon&, Scene& scene, int) {
    bool late = false;
    const auto status = ask(scene.client, control::SetClientFilter{"APP1:CTX1\n"}, late);
    if (!status) return !late;
    if (*status != control::Status::ok) return false;
    for (std::uint32_t i = 0; i < 12; ++i) {
      const std::string message = frame(i, 100);
      static_cast<void>(scene.app.send(log(frame(i, 100, "APP1", "CTX2")) + log(message)));
      std::string heard;
      while (heard.find(message) == std::string::npos) {
        scene.app.listen();
        if (scene.app.gone()) return true;
        pollfd readable{scene.client.fd(), POLLIN, 0};
        if (::poll(&readable, 1, 1) != 1) continue;
        errno = 0;
        const auto some = scene.client.receive();
        if (some.empty()) return errno == 0 || errno == ECONNRESET;
        heard += some;
        if (heard.find("CTX2") != std::string::npos) return false;
      }
    }
    return true;
  };
  fault_f33("a filter", 1, {}, connected, filtered, [&](StarvedDaemon& d, const Scene&) {
    Scene again = connected(d);
    return filtered(d, again, 0) && !again.app.gone() && !again.client.closed_now();
  });
}

namespace {

// All that it can say, and then a message.
std::string whole_life(AppId id, std::uint32_t number) {
  std::vector<std::byte> losses(local::Loss::entry_size);
  proto::ByteWriter loss(losses);
  local::Loss::put(loss, {2, local::LossCause::quota, 5});
  std::vector<std::byte> totals(local::Statistics::entry_size);
  proto::ByteWriter statistics(totals);
  local::Statistics::put(statistics, {2, 1, 6, 1, 0, 1, 100, {}});
  return encoded(local::Hello{}) + registration(id, {"CTX1", "CTX2", "CTX3"}) + log(frame(number, 0, id, "NEW1")) +
         encoded(local::UnregisterContext{id, "CTX2", 4711}) + encoded(local::Overflow{3, id}) +
         log(frame(number, 0, id, "NEW2")) + encoded(local::ApplicationLimits{id, 5, 0}) + encoded(local::Marker{}) +
         encoded(local::Loss{id, losses}) + encoded(local::Statistics{id, totals}) + log(frame(number, 0, id, "NEW3")) +
         encoded(local::UnregisterApplication{id, 4711}) + log(frame(number, 0, "LAST"));
}

}  // namespace

TEST_CASE("F33: a daemon without memory for what an application says lives, and its books close", "[F33]") {
  int number = 0;
  const auto said = [&](const Daemon& daemon, int n) {
    const AppId id("A" + std::to_string(++number % 1000));
    const auto viewer = RawPeer::to_tcp(daemon.port());
    const auto app = RawPeer::to_unix(daemon.dir() / "app.sock");
    static_cast<void>(app.send(whole_life(id, static_cast<std::uint32_t>(n))));
    return arrives("LAST", viewer, app).has_value();
  };
  fault_f33("all that an application says", 1, {}, said, [&](const Daemon& daemon) {
    const auto status = look(daemon);
    std::uint64_t counted = 0;
    for (const auto& app : status.at("applications")) {
      counted += app.at("received").at("messages").get<std::uint64_t>();
      // Told once: never twice, never in part.
      const auto overflow = app.at("lost").at("overflow").get<int>();
      const auto quota = app.at("lost").at("quota").get<int>();
      if ((overflow != 0 && overflow != 3) || (quota != 0 && quota != 5)) return false;
    }
    return counted <= status.at("totals").at("received_messages").get<std::uint64_t>() && said(daemon, 0);
  });
}

#endif
