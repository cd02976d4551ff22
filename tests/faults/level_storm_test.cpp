// F29: a client changes levels as fast as it can, while others log and receive.
#include <catch2/catch.hpp>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"

using namespace dlt;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of('\n');
  if (end == std::string::npos) return {};
  const auto begin = text.find_last_of('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1, end - begin);
}

void fault_f29(int changes) {
  Daemon daemon(DLT_DAEMON);
  daemon.start();
  Child app({.command = {std::string(DLT_FAULT_APPS) + "/contexts", "LEVL", "40"},
             .environment = {{"DLT_DAEMON_ADDRESS", daemon.address()}},
             .out = daemon.dir() / "levels",
             .with_input = true});
  REQUIRE(eventually([&] {
    const auto all = look(daemon).at("applications");
    return !all.empty() && all.at(0).at("contexts").size() == 40;
  }));
  Bystander good(daemon);
  REQUIRE(good.goes_on());

  const auto storming = RawPeer::to_tcp(daemon.port());
  std::thread answers([&] {  // read and forgotten, until the daemon has answered all
    while (!storming.receive().empty()) {
    }
  });
  constexpr std::int8_t levels[] = {0, 1, 3, 4, 5, 6};  // not 2: that is for the end
  bool sent = true;
  for (int i = 0; i < changes && sent; ++i) {
    const std::int8_t level = levels[i % 6];
    sent = storming.send(i % 10 == 0 ? request(control::SetAllLogLevel{level})
                                     : request(control::SetLogLevel{"LEVL", "C000", level}));
  }
  CHECK(sent);
  CHECK(storming.send(request(control::SetAllLogLevel{2})));
  const auto last_sent = std::chrono::steady_clock::now();
  CHECK(eventually([&] {
    app.say("levels");
    const auto all = look(daemon).at("applications");
    return last_line(read_file(daemon.dir() / "levels")) == "levels 2";
  }));
  const auto settled = std::chrono::steady_clock::now() - last_sent;
  shutdown(storming.fd(), SHUT_RDWR);
  answers.join();
  app.say("levels");
  app.say("quit");
  CHECK(app.wait() == 0);
  CHECK(last_line(read_file(daemon.dir() / "levels")) == "levels 2");  // and it stays

  const auto books = good.finish();
  INFO("sent " << books.sent << ", received " << books.received << ", longest gap " << books.longest_gap.count()
               << " ms; right everywhere " << std::chrono::duration_cast<std::chrono::milliseconds>(settled).count()
               << " ms after the last change was sent");
  CHECK(books.all_well());
  CHECK(daemon.stop() == 0);
}

}  // namespace

TEST_CASE("F29: after a storm of level changes each context has the last one, nobody else was harmed", "[F29]") {
  fault_f29(10'000 / scale);
}

TEST_CASE("F29: a storm of a million level changes", "[F29][long]") { fault_f29(1'000'000 / scale); }
