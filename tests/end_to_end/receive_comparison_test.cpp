// dlt-receive shows and stores of our daemon what it shows and stores of the incumbent's, when the same programs log
// into both.
#include <algorithm>
#include <catch2/catch.hpp>
#include <regex>

#include "end_to_end/both_daemons.hpp"
#include "end_to_end/masked.hpp"

namespace dlt::test {
namespace {

// What applications log, and apart what the daemon tells on its own account.
Messages logged(const std::string& shown) { return without(shown_messages(shown), " control "); }
Messages told(const std::string& shown) { return with(shown_messages(shown), " control "); }

constexpr std::size_t everything = BothDaemons::messages_of_each_kind;
const std::vector<std::string> forms{"-a", "-x", "-m", "-s"};

}  // namespace

TEST_CASE("dlt-receive shows the same of both daemons in each of its forms, and selects the same with a filter file") {
  const BothDaemons both;
  std::vector<std::unique_ptr<Child>> clients;
  write_file(both.ours / "filter", "DA1 DC1\nLOG TEST\nSINA LINE\n");  // the first: what tells that it is connected
  for (const Side* side : both.sides()) {
    for (const auto& form : forms)
      clients.push_back(std::make_unique<Child>(side->client_setup({"dlt-receive", form}, form)));
    for (const auto& form : forms) REQUIRE(side->shows(form, " DA1- DC1- "));  // it is connected
    clients.push_back(
        std::make_unique<Child>(side->client_setup({"dlt-receive", "-a", "-f", both.ours / "filter"}, "selected")));
    REQUIRE(side->shows("selected", " DA1- DC1- "));
  }
  both.log_each_kind();
  for (const auto& form : forms) {
    INFO("dlt-receive " << form);
    for (const Side* side : both.sides()) {
      const bool all = eventually([&] { return logged(side->text(form)).size() >= everything; });
      INFO(side->name() << ", " << logged(side->text(form)).size() << " messages");
      REQUIRE(all);
    }
    CHECK(logged(both.ours.text(form)) == logged(both.incumbent.text(form)));
  }
  CHECK(logged(both.ours.text("-a")).back().find("SINA LINE log info V 1 [END") != std::string::npos);

  for (const Side* side : both.sides()) REQUIRE(side->shows("selected", "[END"));
  const Messages selected = logged(both.ours.text("selected"));
  CHECK(selected.size() == everything - 3);  // those of the application LONG
  CHECK(selected == logged(both.incumbent.text("selected")));
}

TEST_CASE("what dlt-receive stores is the same frame by frame, and so is what both daemons tell of applications") {
  const BothDaemons both;
  std::vector<std::unique_ptr<Child>> clients;
  for (const Side* side : both.sides()) {
    clients.push_back(
        std::make_unique<Child>(side->client_setup({"dlt-receive", "-a", "-o", *side / "rx.dlt"}, "rx.txt")));
    REQUIRE(side->shows("rx.txt", " DA1- DC1- "));
  }
  both.log_each_kind();
  // The last thing that both tell: that the last context has gone.
  for (const Side* side : both.sides()) REQUIRE(side->shows("rx.txt", "[service(3841), ok, 53 49 4e 41 4c 49 4e 45 "));
  for (const auto& client : clients) REQUIRE(client->stop());
  const Messages ours = stored_frames(both.ours.text("rx.dlt"));
  const Messages theirs = stored_frames(both.incumbent.text("rx.dlt"));

  const std::string gone = " response 3841 ";
  CHECK(without(ours, gone) == without(theirs, gone));
  CHECK(without(ours, " response ").size() == everything);
  CHECK(with(ours, " response 3 ").size() == 16);  // each context that came: get_log_info
  // An application that ends without a word about some of its contexts, as dlt-example-user does: of these the
  // incumbent tells nothing, ours that they have gone.
  CHECK(with(theirs, gone).size() == 6);
  CHECK(with(ours, gone).size() == 16);
  for (const auto& one : with(theirs, gone)) CHECK(with(ours, one).size() == with(theirs, one).size());

  // The incumbent's own log stands among that of the applications, ours does not.
  CHECK(own_messages(both.incumbent.text("rx.txt")) > 0);
  CHECK(own_messages(both.ours.text("rx.txt")) == 0);
}

TEST_CASE("a client that comes later gets of both daemons what was logged before") {
  const BothDaemons both;
  both.log_each_kind();
  for (const Side* side : both.sides()) {
    const Child receive(side->client_setup({"dlt-receive", "-a"}, "rx.txt"));
    REQUIRE(side->shows("rx.txt", "[END"));
  }
  const std::string ours = both.ours.text("rx.txt");
  const std::string theirs = both.incumbent.text("rx.txt");
  CHECK(logged(ours).size() == everything);
  CHECK(logged(ours) == logged(theirs));
  // The incumbent keeps for that client also which contexts came and went while nobody was there. Ours tells a client
  // what is, when it asks (get_log_info).
  CHECK_FALSE(told(theirs).empty());
  CHECK(told(ours).empty());
}

TEST_CASE("a marker costs no message with ours, the next one with the incumbent's") {
  const BothDaemons both;
  std::vector<std::unique_ptr<Child>> clients;
  for (const Side* side : both.sides()) {
    clients.push_back(std::make_unique<Child>(side->client_setup({"dlt-receive", "-a"}, "rx.txt")));
    REQUIRE(side->shows("rx.txt", " DA1- DC1- "));
  }
  both.run_application({examples + "dlt-example-user", "-n", "20", "-d", "0", "-k", "text"});
  both.log_lines("SINA", {"END"});
  for (const Side* side : both.sides()) {
    REQUIRE(side->shows("rx.txt", "[END"));
    CHECK(with(told(side->text("rx.txt")), "[service(3844), ok]").size() == 1);  // clients are told of it
  }
  CHECK(with(logged(both.ours.text("rx.txt")), " text]").size() == 20);
  CHECK(with(logged(both.incumbent.text("rx.txt")), " text]").size() == 19);
}

TEST_CASE("what a program logged that has ended before the daemon looks arrives") {
  const BothDaemons both;
  std::vector<std::unique_ptr<Child>> clients;
  for (const Side* side : both.sides()) {
    clients.push_back(std::make_unique<Child>(side->client_setup({"dlt-receive", "-a"}, "rx.txt")));
    REQUIRE(side->shows("rx.txt", " DA1- DC1- "));
    side->pause();
  }
  both.run_application({"sh", "-c", "printf 'one\\ntwo\\n' | dlt-adaptor-stdin -a SHRT -b -t 10000"});
  for (const Side* side : both.sides()) side->go_on();
  both.log_lines("SINA", {"END"});
  for (const Side* side : both.sides()) REQUIRE(side->shows("rx.txt", "[END"));

  CHECK(with(logged(both.ours.text("rx.txt")), " SHRT ").size() == 2);
  // The incumbent's daemon drops what it has read when it cannot answer any more: none or both.
  CHECK(with(logged(both.incumbent.text("rx.txt")), " SHRT ").size() % 2 == 0);
}

// Long because the program sleeps for half a minute in all.
TEST_CASE("each type, size and trace that the old library can write arrives the same through both daemons", "[long]") {
  const BothDaemons both;
  std::vector<std::unique_ptr<Child>> clients;
  for (const Side* side : both.sides()) {
    clients.push_back(std::make_unique<Child>(side->client_setup({"dlt-receive", "-a"}, "rx.txt")));
    REQUIRE(side->shows("rx.txt", " DA1- DC1- "));
  }
  both.run_application({examples + "dlt-test-user", "-n", "1"});
  both.log_lines("SINA", {"END"});
  std::vector<Messages> shown;
  for (const Side* side : both.sides()) {
    REQUIRE(side->shows("rx.txt", "[END"));
    // A segmented trace is written by a thread of the library's own, under a handle that it chooses by chance.
    static const std::regex handle("(NWST|NWCH|NWEN) [0-9]+");
    shown.emplace_back();
    for (const auto& m : logged(side->text("rx.txt")))
      shown.back().push_back(std::regex_replace(m.substr(4), handle, "$1 handle"));
    std::sort(shown.back().begin(), shown.back().end());
  }
  CHECK(shown[0].size() > 130);
  CHECK(shown[0] == shown[1]);
}

}  // namespace dlt::test
