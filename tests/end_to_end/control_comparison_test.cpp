// dlt-control asks our daemon and the incumbent's the same things: the answers are the same bytes, applications are
// told the same, in the same order.
#include <catch2/catch.hpp>

#include <filesystem>

#include "end_to_end/both_daemons.hpp"
#include "end_to_end/masked.hpp"
#include "end_to_end/shown.hpp"
#include "end_to_end/tap.hpp"

namespace dlt::test {
namespace {

using Words = std::vector<std::string>;

// Every option of dlt-control that asks the daemon for something, also for what it refuses.
const std::vector<Words>& requests() {
  static const std::vector<Words> all{
      {"-k"},
      {"-j"},
      {"-l", "5", "-a", "LOG", "-c", "TEST"},
      {"-l", "4", "-a", "LOG"},
      {"-l", "3", "-c", "TS1"},
      {"-l", "2", "-a", "LO*"},
      {"-l", "1", "-c", "TS*"},
      {"-l", "-1", "-a", "LOG", "-c", "TS2"},
      {"-l", "6"},
      {"-l", "5", "-a", "NONE", "-c", "TEST"},
      {"-l", "5", "-a", "NON*"},
      {"-r", "1", "-a", "LOG", "-c", "TEST"},
      {"-r", "0", "-a", "LOG"},
      {"-r", "1", "-c", "TS*"},
      {"-r", "1", "-a", "NONE", "-c", "TEST"},
      {"-r", "1"},
      {"-d", "3"},
      {"-d", "9"},
      {"-f", "1"},
      {"-f", "9"},
      {"-i", "0"},
      {"-i", "9"},
      {"-a", "LOG", "-c", "TEST", "-s", "4096", "-m", "HelloInj"},
      {"-a", "LOG", "-c", "TS1", "-s", "4097", "-x", "ad 01 24 ef"},
      {"-a", "LOG", "-c", "NONE", "-s", "4096", "-m", "nobody"},
      {"-j"},
      {"-o"},
      {"-g"},
  };
  return all;
}

std::string written(const Words& words) {
  std::string out = "dlt-control";
  for (const auto& w : words) out += " " + w;
  return out;
}

// What the daemon has answered to one call of dlt-control. The name and version of the daemon in the answer to -k is
// replaced: it says who it is.
Messages answers(const Side& side, Words options) {
  Tap tap(side.port());
  const bool version = options.front() == "-k";
  options.insert(options.begin(), "dlt-control");
  options.insert(options.end(), {"-t", "100", "-p", std::to_string(tap.port()), "127.0.0.1"});
  Child control({.command = options, .environment = {}, .out = side / "control", .err = side / "control"});
  Messages frames = with(sent_frames(tap.relay()), " response ");  // the application goes on logging
  CHECK(control.wait() == 0);
  if (!version) return frames;
  for (auto& frame : frames) frame = frame.substr(0, frame.find(" 35")) + " and a text";
  return frames;
}

// The lines in which dlt-example-user tells what the daemon told it.
std::vector<std::string> told_application(const Side& side) {
  std::vector<std::string> out;
  for (const auto& line : lines(side.text("app")))
    if (line.find("Send ") != 0 && line.find("Client ") != 0) out.push_back(line);
  return out;
}

// Waits until the last context of dlt-example-user is there: a level for whatever is called so is answered where there
// is one.
bool knows_the_application(const Side& side) {
  return eventually([&] { return !with(answers(side, {"-l", "4", "-c", "TS2"}), " response 1 ").empty(); });
}

// What dlt-control -j prints of applications and contexts.
std::vector<std::string> lists_of(const std::string& printed) {
  std::vector<std::string> out;
  for (const auto& line : lines(printed))
    if (line.find("APID:") == 0 || line.find("CTID:") == 0) out.push_back(line);
  return out;
}

}  // namespace

TEST_CASE("dlt-control gets the same answers of both daemons, and applications are told the same") {
  const BothDaemons both;
  std::map<const Side*, std::vector<std::string>> told;
  std::map<const Side*, std::vector<Messages>> answered;
  for (const Side* side : both.sides()) {
    const Child app(side->setup({examples + "dlt-example-user", "-n", "1000000", "-d", "100", "text"}, "app"));
    REQUIRE(knows_the_application(*side));
    for (const auto& request : requests()) answered[side].push_back(answers(*side, request));
    REQUIRE(side->shows("app", "ad 01 24 ef"));
    told[side] = told_application(*side);
  }
  for (std::size_t i = 0; i < requests().size(); ++i) {
    INFO(written(requests()[i]));
    CHECK(answered[&both.ours][i] == answered[&both.incumbent][i]);
  }
  CHECK(answered[&both.ours][3].size() == 3);  // of -l 4 -a LOG: one for each context
  CHECK(told[&both.ours] == told[&both.incumbent]);
}

TEST_CASE("dlt-control prints the same list of both daemons, stores the same files, and resets both") {
  const BothDaemons both;
  std::map<const Side*, std::string> listed;
  for (const Side* side : both.sides()) {
    const Child app(side->setup({examples + "dlt-example-user", "-n", "1000000", "-d", "100", "text"}, "app"));
    REQUIRE(knows_the_application(*side));
    CHECK(answers(*side, {"-l", "5", "-a", "LOG", "-c", "TEST"}).size() == 1);
    CHECK(answers(*side, {"-r", "1", "-a", "LOG", "-c", "TS1"}).size() == 1);
    REQUIRE(eventually([&] {
      listed[side] = side->control({"-j"}).out;
      return listed[side].find("APID:") != std::string::npos;
    }));
    CHECK(answers(*side, {"-o"}).size() == 1);
    for (const char* file : {"dlt-runtime-application.cfg", "dlt-runtime-context.cfg"}) {
      CHECK(side->text(file).find("LOG:") != std::string::npos);
      CHECK(side->text(file) == both.ours.text(file));
    }
  }
  CHECK(lists_of(listed[&both.ours]).size() == 4);
  CHECK(lists_of(listed[&both.ours]) == lists_of(listed[&both.incumbent]));

  for (const Side* side : both.sides()) {
    CHECK(answers(*side, {"-g"}).size() == 1);
    for (const char* file : {"dlt-runtime-application.cfg", "dlt-runtime-context.cfg"})
      CHECK_FALSE(std::filesystem::exists(*side / file));
  }
}

TEST_CASE("both daemons send the time each second once dlt-control has asked for it") {
  const BothDaemons both;
  for (const Side* side : both.sides()) {
    const Child receive(side->client_setup({"dlt-receive", "-a"}, "rx.txt"));
    REQUIRE(side->shows("rx.txt", " DA1- DC1- "));
    CHECK(answers(*side, {"-i", "1"}).size() == 1);
    CHECK(side->shows("rx.txt", " 000 ECU1 ---- ---- control time N 0 []"));
  }
}

}  // namespace dlt::test
