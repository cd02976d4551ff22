// F02: the connection between an application and its daemon is cut while both live, again and again, at any byte, and
// in any of the ways in which a network does that.
#include <catch2/catch.hpp>

#include <iostream>
#include <sstream>

#include "faults/cutting_relay.hpp"
#include "faults/looking.hpp"
#include "faults/victim.hpp"

namespace dlt::test {
namespace {

constexpr std::uint64_t messages = 160'000 / scale;  // of all threads

struct Books {
  std::uint64_t accepted = 0, delivered = 0, queued = 0, full = 0, overwritten = 0, timed_out = 0, dropped = 0;
  int closes = 0;
};

struct Logging {
  std::uint32_t threads, senders;
  const char* mode;
};

// Logs all that it has to at once, and lives until the end of the object.
class Application {
 public:
  Application(const std::string& address, const Logging& how)
      : child_({.command = {std::string(DLT_FAULT_APPS) + "/ledger", std::to_string(how.threads),
                            std::to_string(messages / how.threads), dir_ / "witness", "ask"},
                .environment = {{"DLT_DAEMON_ADDRESS", address},
                                {"DLT_USER_OVERFLOW_MODE", how.mode},
                                {"DLT_USER_TIMEOUT_MS", "600000"},
                                {"DLT_USER_SENDERS", std::to_string(how.senders)}},
                .out = dir_ / "out",
                .with_input = true}) {}

  // As they are now; at first it waits until everything has been logged and sent.
  Books books() {
    child_.say("");
    std::string line;
    REQUIRE(eventually([&] { return next_line(line); }));
    Books b;
    std::istringstream said(line);
    REQUIRE(said >> b.accepted >> b.delivered >> b.queued >> b.full >> b.overwritten >> b.timed_out >> b.dropped >>
            b.closes);
    return b;
  }
  [[nodiscard]] std::optional<int> end() {
    child_.end_input();
    return child_.wait();
  }

 private:
  bool next_line(std::string& line) {
    const std::string all = read_file(dir_ / "out");
    const auto end = all.find('\n', at_);
    if (end == std::string::npos) return false;
    line = all.substr(at_, end - at_);
    at_ = end + 1;
    return true;
  }

  const TempDir dir_;
  Child child_;
  std::size_t at_ = 0;
};

void cut_and_count(const Logging& how, unsigned cuts) {
  const auto seed = static_cast<std::uint32_t>(Catch::rngSeed());
  INFO("seed " << seed << ", " << how.threads << " threads, " << how.senders << " senders, mode " << how.mode);
  Daemon daemon(DLT_DAEMON, patient);
  daemon.start();
  Reader reader(daemon.port());
  CuttingRelay relay([&] { return RawPeer::to_unix(daemon.dir() / "app.sock"); }, CuttingRelay::Talks::who_connects,
                     seed);
  relay.cut(cuts);
  Application application(relay.address(), how);

  // What a connection took down with it comes by the next one.
  Books books;
  const auto received = [&] { return look(daemon)["totals"]["received_messages"].get<std::uint64_t>(); };
  CHECK(eventually([&] {
    books = application.books();
    return books.queued == 0 && received() == books.delivered && reader.count("LEDG") == books.delivered;
  }));

  std::uint64_t arrived = 0, disorder = 0;
  for (std::uint32_t t = 0; t < how.threads; ++t) {
    arrived += reader.line("LEDG", t).count;
    disorder += reader.line("LEDG", t).disorder;
  }
  const auto totals = look(daemon)["totals"];
  std::cout << how.threads << " threads, " << how.senders << " senders, mode " << how.mode << ", "
            << cuts - relay.cuts_left() << " cuts: " << books.accepted << " accepted, " << arrived << " arrived, "
            << books.dropped << " counted as lost, " << disorder << " twice or out of order; "
            << totals["repeated_messages"] << " came again and were passed over\n";
  CHECK(books.closes == 1);
  CHECK(books.accepted == messages);
  CHECK(books.accepted == books.delivered + books.dropped);
  CHECK(arrived == books.delivered);
  CHECK(disorder == 0);
  CHECK(totals["garbage_bytes"] == 0);
  CHECK(totals["repeated_messages"] > 0);  // or this has shown nothing
  if (std::string_view(how.mode) == "2") CHECK(arrived == messages);
  if (std::string_view(how.mode) == "2") CHECK(relay.cuts_left() == 0);
  CHECK(application.end() == 0);
}

}  // namespace

TEST_CASE("a connection that is cut at any byte, again and again, loses nothing, repeats nothing and keeps the order",
          "[F02][away]") {
  cut_and_count(GENERATE(Logging{1, 1, "2"}, Logging{4, 2, "2"}, Logging{4, 1, "0"}, Logging{4, 2, "1"}), 200 / scale);
}

}  // namespace dlt::test
