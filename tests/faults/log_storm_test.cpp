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
  std::map<std::string, std::uint64_t> messages;  // by application
  std::uint64_t wrong = 0;                        // a quiet one's message twice, missing, or out of order
};

// Receives until `ended`.
void receive_all(const RawPeer& client, const std::atomic<bool>& ended, Heard& heard) {
  proto::Framer framer;
  std::map<std::string, std::uint64_t> next;
  while (!ended) {
    pollfd readable{client.fd(), POLLIN, 0};
    if (poll(&readable, 1, 20) != 1) continue;
    const auto bytes = client.receive();
    if (bytes.empty()) return;
    framer.feed(proto::as_bytes(bytes));
    while (const auto f = framer.next()) {
      const auto b = f->bytes;
      if (static_cast<std::uint8_t>(b[0]) != 0x3d || b.size() < 20) continue;
      const std::string app(AppId::from_bytes(b.data() + 18).text());
      ++heard.messages[app];
      ++heard.total;
      const auto sequence = proto::load_le<std::uint64_t>(b.data() + b.size() - 8);
      if (app[0] == 'Q' && sequence != next[app]++) ++heard.wrong;
    }
  }
}

void fault_f31(std::uint64_t messages_each) {
  Daemon daemon(DLT_DAEMON, {{"ClientQueueSize", "1M"}, {"ClientTimeout", "3600"}});
  daemon.start();
  const auto client = RawPeer::to_tcp(daemon.port());
  REQUIRE(eventually([&] { return look(daemon).at("clients").size() == 1; }));
  std::atomic<bool> ended{false};
  Heard heard;
  std::thread receiving([&] { receive_all(client, ended, heard); });

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
  // What the client has not got is the spammer's, and counted exactly.
  INFO("storm: received by the client " << heard.messages["SPAM"] << ", dropped for it " << dropped());
  CHECK(daemon.stop() == 0);
}

}  // namespace

TEST_CASE("F31: a log storm costs five quiet applications nothing", "[F31]") { fault_f31(1000 / scale); }

TEST_CASE("F31: a log storm of a minute costs five quiet applications nothing", "[F31][long]") {
  fault_f31(60'000 / scale);
}
