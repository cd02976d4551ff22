// F10, F11: garbage, scans, other protocols and lengths that lie, on the client port and the application socket.
#include <catch2/catch.hpp>

#include <random>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"

using namespace dlt;
using namespace dlt::test;
namespace local = dlt::proto::local;
namespace control = dlt::proto::control;

namespace {

// Sound messages to damage.
std::vector<std::string> sound() {
  return {registration("EVIL", {"CTX1", "CTX2"}),
          log(frame(1, 100, "EVIL")),
          batch(frame(2, 10, "EVIL") + frame(3, 20, "EVIL")),
          encoded(local::Hello{}),
          encoded(local::Memfd{1, 4096, 1 << 20}),
          encoded(local::Overflow{7, "EVIL"}),
          encoded(local::Marker{}),
          request(control::SetLogLevel{"EVIL", "CTX1", 6}),
          request(control::GetLogInfo{7, {}, {}}),
          request(control::GetSoftwareVersion{}),
          request(control::Injection{0x1000, proto::as_bytes("payload")}, "EVIL", "CTX1"),
          std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
          std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(500, '\x5a')};
}

class Hostile {
 public:
  explicit Hostile(std::uint32_t seed) : random_(seed) {}

  // Noise, or a sound message with some bytes changed, cut or doubled.
  std::string frame() {
    std::string bytes = pick(3) == 0 ? std::string(1 + pick(200), '\0') : all_[pick(all_.size())];
    if (bytes[0] == '\0')
      for (char& c : bytes) c = static_cast<char>(random_());
    for (std::size_t n = pick(4); n > 0; --n) bytes[pick(bytes.size())] = static_cast<char>(random_());
    if (pick(8) == 0) bytes.resize(pick(bytes.size()) + 1);
    if (pick(16) == 0) bytes += bytes;
    return bytes;
  }
  std::size_t pick(std::size_t n) { return random_() % n; }

 private:
  std::mt19937 random_;
  const std::vector<std::string> all_ = sound();
};

// Sends `count` hostile frames, on a new connection whenever the daemon has had enough of the last one.
template <class Connect>
void send_hostile(Hostile& hostile, std::size_t count, Connect&& connect) {
  constexpr std::size_t per_connection = 500;
  for (std::size_t i = 0; i < count;) {
    const RawPeer peer = connect();
    for (std::size_t k = 0; k < per_connection && i < count; ++k, ++i)
      if (peer.closed_now() || !peer.send(hostile.frame())) break;
    if (hostile.pick(2) == 0) static_cast<void>(peer.send(std::string(200'000, '\xff')));
  }
}

void fault_f10(std::size_t count) {
  INFO("seed " << Catch::rngSeed());
  // Answers that nobody reads must not hold the sender up for long.
  Daemon daemon(DLT_DAEMON, {{"ClientQueueSize", "1M"}, {"ClientTimeout", "1"}, {"ContextLogLevel", "6"}});
  daemon.start();
  Bystander good(daemon);
  REQUIRE(good.goes_on());
  const auto files = open_files(daemon.process().pid());
  Hostile hostile(Catch::rngSeed());
  send_hostile(hostile, count / 10, [&] { return RawPeer::to_unix(daemon.dir() / "app.sock"); });
  const auto rss = kib(daemon.process().pid(), "VmRSS");
  send_hostile(hostile, count / 2, [&] { return RawPeer::to_unix(daemon.dir() / "app.sock"); });
  send_hostile(hostile, count / 2, [&] { return RawPeer::to_tcp(daemon.port()); });

  CHECK(good.goes_on());
  CHECK(eventually([&] { return open_files(daemon.process().pid()) <= files; }));
  const auto rss_after = kib(daemon.process().pid(), "VmRSS");
  const auto books = good.finish();
  INFO("sent " << books.sent << ", received " << books.received << ", wrong " << books.wrong);
  CHECK(books.all_well());
  INFO("RSS from " << rss << " to " << rss_after << " KiB");
  if (!sanitized) CHECK(rss_after < rss + 16 * 1024);
  CHECK(look(daemon).at("totals").at("garbage_bytes").get<std::uint64_t>() > count);
  CHECK(daemon.stop() == 0);
}

}  // namespace

TEST_CASE("F10: ten thousand hostile frames harm nobody else", "[F10]") { fault_f10(10'000 / scale); }

TEST_CASE("F10: a million hostile frames harm nobody else", "[F10][long]") { fault_f10(1'000'000 / scale); }

TEST_CASE("F10: scans, and peers that leave after any byte, harm nobody else", "[F10]") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  Bystander good(daemon);
  REQUIRE(good.goes_on());
  const auto files = open_files(daemon.process().pid());
  for (const auto& message : sound())
    for (std::size_t cut = 0; cut <= message.size(); cut += 1 + message.size() / 64) {
      static_cast<void>(RawPeer::to_tcp(daemon.port()).send(message.substr(0, cut)));
      static_cast<void>(RawPeer::to_unix(daemon.dir() / "app.sock").send(message.substr(0, cut)));
    }
  CHECK(good.goes_on());
  CHECK(eventually([&] { return open_files(daemon.process().pid()) <= files; }));
  CHECK(good.finish().all_well());
  CHECK(daemon.stop() == 0);
}

TEST_CASE("F10: rubbish from a client is counted, its own and in all, and has a limit", "[F10]") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  const auto client = RawPeer::to_tcp(daemon.port());
  const auto of_client = [&](const nlohmann::json& status) {
    const auto& clients = status.at("clients");
    return clients.empty() ? 0 : clients.at(0).at("garbage_bytes").get<std::uint64_t>();
  };
  REQUIRE(client.send(std::string(1000, '\xff') + request(control::GetLocalTime{})));
  CHECK(eventually([&] { return of_client(look(daemon)) == 1000; }));
  CHECK(look(daemon).at("totals").at("garbage_bytes") == 1000);
  CHECK(refused(daemon, "rubbish") == 0);

  static_cast<void>(client.send(std::string(100'000, '\xff')));
  CHECK(client.is_closed());
  CHECK(eventually([&] { return look(daemon).at("clients").empty(); }));
  CHECK(refused(daemon, "rubbish") == 1);
  CHECK(look(daemon).at("totals").at("garbage_bytes").get<std::uint64_t>() > 64 * 1024);
  CHECK(daemon.stop() == 0);
}

TEST_CASE("F11: lengths and counts that lie are refused before anything is allocated for them", "[F11]") {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  Bystander good(daemon);
  REQUIRE(good.goes_on());
  const auto app_message = [](std::uint32_t type, const std::string& body) {
    std::string out("DUH\x01", 4);
    for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(type >> shift);
    return out + body;
  };
  const std::string most(8, '\xff');
  const std::string zero(32, '\0');
  const std::vector<std::string> to_applications{
      app_message(2, "EVIL" + zero.substr(0, 4) + most.substr(0, 4)),  // a description of 4 GiB
      app_message(4, "EVILCTX1" + most.substr(0, 4) + "\6\1" + zero.substr(0, 4) + most.substr(0, 4)),
      app_message(4, "EVILCTX1" + std::string("\0\0\0\x80", 4) + "\6\1" + zero.substr(0, 8)),  // position -2^31
      app_message(7, most.substr(0, 4) + zero.substr(0, 4) + most.substr(0, 4)),               // an injection of 4 GiB
      app_message(14, most.substr(0, 4)),                                                      // 4 G limits
      app_message(0x100, zero.substr(0, 20) + most),
      app_message(0x101, most.substr(0, 4) + zero.substr(0, 12)),  // a batch of 4 GiB
      app_message(0x101, zero.substr(0, 16)),                      // and of nothing
      app_message(0x102, zero.substr(0, 4) + most + most),         // memory of 2^64
      app_message(0x103, "EVIL" + most.substr(0, 4)),
      app_message(0x104, "EVIL" + most.substr(0, 4)),
      app_message(1, std::string("\x3d\0\xff\xff", 4)),  // a frame of 64 KiB that does not come
      app_message(1, std::string("\x3d\0\0\0", 4)),      // and of nothing
      app_message(0xffff'ffff, most),
  };
  const auto client_message = [](std::uint16_t length, const std::string& payload) {
    std::string out = request(control::GetSoftwareVersion{}).substr(0, 22);
    out[2] = static_cast<char>(length >> 8);
    out[3] = static_cast<char>(length);
    return out + payload;
  };
  const std::vector<std::string> to_clients{
      client_message(0xffff, "\x13"),  // never whole
      client_message(0, ""),
      client_message(4, ""),
      client_message(26, std::string("\x01\0\0\0", 4)),  // no room for what it sets
      client_message(27, std::string("\x03\0\0\0\xff", 5)),
      client_message(30, std::string("\x00\x10\0\0\xff\xff\xff\xff", 8)),  // an injection of 4 GiB
      client_message(30, std::string("\x01\x0f\0\0\xff\xff\xff\xff", 8)),
      client_message(27, std::string("\x05\x0f\0\0\xff", 5)),
      client_message(39, std::string("\x03\0\0\0\x07", 5) + most + "remo"),
      std::string("DLS\1", 4) + client_message(0xffff, ""),
  };
  const auto rss = kib(daemon.process().pid(), "VmPeak");
  const auto answers = [&](const RawPeer& peer) {
    return peer.send(std::string(0xffff - 22, '\0') + request(control::GetSoftwareVersion{})) && [&] {
      std::string heard;
      return eventually([&] {
               const auto some = peer.receive();
               heard += some;
               return some.empty() || heard.find("dlt-daemon") != std::string::npos;
             }) &&
             heard.find("dlt-daemon") != std::string::npos;
    }();
  };

  for (std::size_t i = 0; i < to_applications.size(); ++i) {
    INFO("to the application socket: " << i);
    const auto peer = RawPeer::to_unix(daemon.dir() / "app.sock");
    CHECK(peer.send(to_applications[i]));
    CHECK(good.goes_on(5));
  }
  for (std::size_t i = 0; i < to_clients.size(); ++i) {
    INFO("to the client port: " << i);
    const auto peer = RawPeer::to_tcp(daemon.port());
    CHECK(peer.send(to_clients[i]));
    CHECK(answers(peer));  // after as much as was claimed at most, it is understood again
  }
  CHECK(good.finish().all_well());
  INFO("VmPeak from " << rss << " to " << kib(daemon.process().pid(), "VmPeak") << " KiB");
  if (!sanitized) CHECK(kib(daemon.process().pid(), "VmPeak") < rss + 8 * 1024);
  CHECK(daemon.stop() == 0);
}
