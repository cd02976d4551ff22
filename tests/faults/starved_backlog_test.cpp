// A daemon that is refused memory (F33) while messages wait for a viewer, while one takes them, and while one that is
// slow gives them back: each message comes once, or is counted as evicted.
#include <set>

#include "dlt/proto/framer.hpp"
#include "faults/starved_daemon.hpp"
#include "faults/told_application.hpp"

#if !defined(DLT_WITH_ASAN) && !defined(DLT_WITH_TSAN)  // they bring an allocator of their own

using namespace dlt;
using namespace dlt::test;

namespace {

struct Books {
  std::uint64_t received = 0;
  std::uint64_t evicted = 0;

  static Books of(const Daemon& daemon) {
    const auto status = look(daemon);
    return {status.at("totals").at("received_messages").get<std::uint64_t>(),
            status.at("backlog").at("evicted").at("messages").get<std::uint64_t>()};
  }
};

// What viewers have got of the messages of one application, whole.
struct Arrived {
  std::set<std::uint32_t> numbers;
  bool twice = false;
  bool answered = false;  // a question, behind all that waited

  // All that comes until `enough`, or until the connection has ended; false: neither, until the deadline.
  template <class Enough>
  bool read(const RawPeer& viewer, Enough&& enough) {
    if (std::exchange(of_, viewer.fd()) != viewer.fd()) framer_ = proto::Framer();
    while (!enough()) {
      errno = 0;
      const auto some = viewer.receive();
      if (some.empty()) return of_ = -1, errno != EAGAIN;
      framer_.feed(proto::as_bytes(some));
      while (const auto frame = framer_.next()) {
        if (frame->bytes.size() > frame_headers + 4 && static_cast<std::uint8_t>(frame->bytes[0]) == proto::htyp::log)
          twice = !numbers.insert(number_of(frame->bytes)).second || twice;
        answered = answered || proto::as_text(frame->bytes).find("dlt-daemon") != std::string_view::npos;
      }
    }
    return true;
  }

 private:
  int of_ = -1;
  proto::Framer framer_;
};

struct Scene {
  Books before;
  Arrived arrived{};
};
Scene quiet(const StarvedDaemon& d) { return {Books::of(d.daemon)}; }

// Each message in a span of its own.
std::string one_by_one(std::uint32_t first, std::uint32_t count, std::size_t extra) {
  std::string all;
  for (std::uint32_t i = first; i < first + count; ++i)
    all += log(frame(i, extra)) + encoded(proto::local::UnregisterContext{"APP1", "NONE", 4711});
  return all;
}
// Whether the daemon has read all that the application has said, or has ended its connection.
bool has_read(ToldApplication& app) {
  if (!app.send(encoded(proto::local::Hello{}))) return true;
  return eventually([&] { return app.listen(), app.greeted() || app.gone(); });
}

// With memory: what is still there comes to a viewer, and then all that was received has come once, or is counted.
bool close_the_books(const StarvedDaemon& d, Scene& scene) {
  const auto open = [&] {
    const Books now = Books::of(d.daemon);
    return now.received - scene.before.received - (now.evicted - scene.before.evicted) - scene.arrived.numbers.size();
  };
  const auto viewer = RawPeer::to_tcp(d.daemon.port());
  const bool closed = eventually(
      [&] {
        pollfd readable{viewer.fd(), POLLIN, 0};
        int rounds = 0;
        while (::poll(&readable, 1, 1) == 1)
          if (!scene.arrived.read(viewer, [&] { return ++rounds % 2 == 0; })) return false;
        return open() == 0;
      },
      std::chrono::seconds(10));
  if (!closed || scene.arrived.twice)
    WARN(static_cast<std::int64_t>(open())
         << " messages neither came nor were counted; " << scene.arrived.numbers.size() << " came"
         << (scene.arrived.twice ? ", some twice" : "") << ": " << look(d.daemon).at("clients").dump()
         << look(d.daemon).at("backlog").dump());
  return closed && !scene.arrived.twice;
}

}  // namespace

TEST_CASE("F33: a daemon without memory for what waits for a viewer counts it, and the viewer gets the rest", "[F33]") {
  const auto wait_and_take = [](StarvedDaemon& d, Scene& scene, int) {
    constexpr std::uint32_t many = 40;
    ToldApplication app(RawPeer::to_unix(d.daemon.dir() / "app.sock"));
    static_cast<void>(app.send(registration() + one_by_one(0, many, 100)));
    if (!has_read(app)) return false;
    const auto viewer = RawPeer::to_tcp(d.daemon.port());
    static_cast<void>(viewer.send(request(proto::control::GetSoftwareVersion{})));
    const bool taken = scene.arrived.read(viewer, [&] { return scene.arrived.answered; });
    d.memory.give();
    return taken && close_the_books(d, scene);
  };
  const Daemon::Settings settings{{"SendSerialHeader", GENERATE("0", "1")}};
  fault_f33("a backlog", 1, settings, quiet, wait_and_take, [](StarvedDaemon&, const Scene&) { return true; });
}

TEST_CASE("F33: a daemon without memory for what a slow viewer gives back counts it, and the next one gets the rest",
          "[F33]") {
  const auto give_back = [](StarvedDaemon& d, Scene& scene, int) {
    ToldApplication app(RawPeer::to_unix(d.daemon.dir() / "app.sock"));
    static_cast<void>(app.send(registration()));
    for (std::uint32_t i = 0; i < 400; i += 4) static_cast<void>(app.send(numbered_batch(i, 4, 16'000)));
    if (!has_read(app)) return false;
    {
      const auto slow = RawPeer::to_tcp(d.daemon.port(), 4096);
      ToldApplication more(RawPeer::to_unix(d.daemon.dir() / "app.sock"));
      static_cast<void>(more.send(one_by_one(400, 40, 200)));
      if (!has_read(more)) return false;
      ::shutdown(slow.fd(), SHUT_WR);
      if (!scene.arrived.read(slow, [] { return false; })) return false;
    }
    d.memory.give();
    return close_the_books(d, scene);
  };
  const Daemon::Settings settings{{"ClientStallLimit", "60000"}, {"ClientTimeout", "3600"}, {"ClientQueueSize", "16M"}};
  fault_f33("a slow viewer", 1, settings, quiet, give_back, [](StarvedDaemon&, const Scene&) { return true; });
}

#endif
