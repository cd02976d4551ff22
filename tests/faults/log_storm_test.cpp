// F31: one application logs as fast as it can, beside five quiet ones. The five lose nothing: at a client that keeps
// up, and at one that does not.
#include <catch2/catch.hpp>

#include <poll.h>

#include "dlt-daemon/support/wire.hpp"
#include "dlt/proto/framer.hpp"
#include "faults/looking.hpp"

using namespace dlt;
using namespace dlt::test;

namespace {

constexpr int quiet_apps = 5;
// The quiet ones' order of messages is that of one buffer, and they may fill it while the daemon holds all back.
const std::map<std::string, std::string> one_buffer{{"DLT_USER_NUM_BUFFERS", "1"}};

struct Heard {
  std::atomic<std::uint64_t> total{0};
  std::atomic<std::uint64_t> storm_told{0};       // messages of the storm that are lost, by what the daemon said
  std::uint64_t quiet_told = 0;                   // and of the others
  std::map<std::string, std::uint64_t> messages;  // by application
  std::uint64_t wrong = 0;                        // a quiet one's message twice, missing, or out of order
};

void take(proto::Bytes b, std::map<std::string, std::uint64_t>& next, Heard& heard) {
  if (b.size() < 30) return;
  const std::string app(
      AppId::from_bytes(b.data() + (b.size() > 26 && static_cast<std::uint8_t>(b[0]) == 0x3d ? 18 : 14)).text());
  if (static_cast<std::uint8_t>(b[0]) == 0x35) {
    const auto response = proto::control::decode_response(b.subspan(22), std::endian::little);
    if (!response) return;
    if (const auto* told = std::get_if<proto::control::MessageBufferOverflow>(&*response)) {
      if (app == "SPAM") heard.storm_told += told->lost;
      else heard.quiet_told += told->lost;
    }
    return;
  }
  if (static_cast<std::uint8_t>(b[0]) != 0x3d) return;
  ++heard.messages[app];
  ++heard.total;
  const auto sequence = proto::load_le<std::uint64_t>(b.data() + b.size() - 8);
  if (app[0] == 'Q' && sequence != next[app]++) ++heard.wrong;
}

// Receives until `ended`, at most so many bytes a second (0: as fast as it goes); catches up when it was held up.
void receive_all(const RawPeer& client, std::size_t rate, const std::atomic<bool>& ended, Heard& heard) {
  proto::Framer framer;
  std::map<std::string, std::uint64_t> next;
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t received = 0;
  while (!ended) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    if (rate != 0 && static_cast<double>(received) > elapsed.count() * static_cast<double>(rate)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      continue;
    }
    pollfd readable{client.fd(), POLLIN, 0};
    if (poll(&readable, 1, 20) != 1) continue;
    const auto bytes = client.receive(rate != 0 ? 8 * 1024 : 64 * 1024);
    if (bytes.empty()) return;
    received += bytes.size();
    framer.feed(proto::as_bytes(bytes));
    while (const auto f = framer.next()) take(f->bytes, next, heard);
  }
}

// `rate`: bytes a second that the client reads; 0: as fast as it goes.
void fault_f31(std::uint64_t messages_each, std::size_t rate) {
  Daemon daemon(DLT_DAEMON, {{"ClientQueueSize", "1M"}, {"ClientTimeout", "3600"}});
  daemon.start();
  const auto client = RawPeer::to_tcp(daemon.port(), rate != 0 ? 16 * 1024 : 0);
  REQUIRE(eventually([&] { return look(daemon).at("clients").size() == 1; }));
  std::atomic<bool> ended{false};
  Heard heard;
  std::thread receiving([&] { receive_all(client, rate, ended, heard); });

  const std::string program = std::string(DLT_FAULT_APPS) + "/storm";
  auto environment = one_buffer;
  environment["DLT_DAEMON_ADDRESS"] = daemon.address();
  Child spammer({.command = {program, "SPAM", "0", "0"},
                 .environment = environment,
                 .out = daemon.dir() / "spam",
                 .with_input = true});
  const bool storming =
      eventually([&] { return look(daemon).at("totals").at("received_messages").get<std::uint64_t>() > 20'000; });
  std::vector<std::unique_ptr<Child>> quiet;
  for (int i = 0; i < quiet_apps; ++i)
    quiet.push_back(std::make_unique<Child>(
        Child::Setup{.command = {program, "Q" + std::to_string(i), std::to_string(messages_each), "1000"},
                     .environment = environment,
                     .out = daemon.dir() / ("quiet" + std::to_string(i))}));
  std::vector<std::optional<int>> codes;
  for (auto& q : quiet) codes.push_back(q->wait());
  spammer.say("enough");
  const auto spam_code = spammer.wait();
  const auto dropped = [&] {
    return look(daemon).at("clients").at(0).at("dropped").at("messages").get<std::uint64_t>();
  };
  const bool all_accounted_for = eventually([&] {
    return look(daemon).at("totals").at("received_messages").get<std::uint64_t>() == heard.total + dropped();
  });
  const auto lost = look(daemon).at("clients").at(0).at("dropped_of");
  const bool told = eventually([&] { return heard.storm_told >= dropped(); });
  ended = true;
  receiving.join();

  CHECK(all_accounted_for);
  CHECK(storming);
  CHECK(spam_code == 0);
  for (int i = 0; i < quiet_apps; ++i) {
    const auto id = "Q" + std::to_string(i);
    const auto books = read_file(daemon.dir() / ("quiet" + std::to_string(i)));
    INFO(id << ": accepted, delivered, dropped " << books);
    CHECK(codes[static_cast<std::size_t>(i)] == 0);
    CHECK(books == std::to_string(messages_each) + " " + std::to_string(messages_each) + " 0\n");
    CHECK(heard.messages[id] == messages_each);
  }
  CHECK(heard.wrong == 0);
  // What the client has not got is the spammer's, counted exactly and announced.
  CHECK(told);
  CHECK(heard.quiet_told == 0);
  CHECK(lost == (dropped() == 0 ? nlohmann::json::object() : nlohmann::json{{"SPAM", dropped()}}));
  if (rate != 0 && !sanitized) CHECK(dropped() > 0);  // else the storm may be as slow as the client
  INFO("storm: received by the client " << heard.messages["SPAM"] << ", dropped for it " << dropped());
  CHECK(daemon.stop() == 0);
}

}  // namespace

TEST_CASE("F31: a log storm costs five quiet applications nothing", "[F31]") { fault_f31(1000 / scale, 0); }

TEST_CASE("F31: at a client that is slow the storm loses, five quiet applications nothing", "[F31][F06]") {
  fault_f31(3000 / scale, 1'000'000);
}

TEST_CASE("F31: a log storm of a minute costs five quiet applications nothing", "[F31][long]") {
  fault_f31(60'000 / scale, 0);
}

TEST_CASE("F31: at a slow client a log storm of a minute costs five quiet applications nothing", "[F31][F06][long]") {
  fault_f31(60'000 / scale, 500'000);
}
