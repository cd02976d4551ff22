// dlt-system and dlt-example-filetransfer, which watch a system and send files, through our daemon and the incumbent's:
// the same arrives, and what dlt-control injects reaches them.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <regex>

#include "end_to_end/both_daemons.hpp"
#include "end_to_end/masked.hpp"

namespace dlt::test {
namespace {

// Messages of an application, context by context: contexts of dlt-system are logged to by threads of its own, whose
// order among each other is the scheduler's. Times and serial numbers of files are masked, the pids of processes too.
std::map<std::string, Messages> by_context(const std::string& shown, const std::string& app) {
  static const std::regex serial("(FLST|FLDA|FLFI) [0-9]+ ");
  static const std::regex date("[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} [0-9]{4}");
  std::map<std::string, Messages> out;
  for (const auto& m : with(without(shown_messages(shown), " control "), " " + app + " ")) {
    const auto context = m.substr(m.find(" " + app + " ") + app.size() + 2, 4);
    out[context].push_back(std::regex_replace(std::regex_replace(m, serial, "$1 serial "), date, "date"));
  }
  return out;
}

std::string some_file() {
  std::string text;
  for (int i = 0; i < 2'000; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

// What of dlt-system works without a journal, a syslog and devices: files that it reads once or again and again, /proc
// of a process, a folder whose new files it sends, a shell.
std::string system_conf(const BothDaemons& both, const Side& side) {
  return "ApplicationId = SYS\nShellEnable = 1\nSyslogEnable = 0\nJournalEnable = 0\n"
         "FiletransferEnable = 1\nFiletransferContextId = FILE\nFiletransferTimeStartup = 0\n"
         "FiletransferTimeoutBetweenLogs = 1\nFiletransferDirectory = " +
         (side / "outgoing") +
         "\nFiletransferCompression = 0\nFiletransferCompressionLevel = 5\n"
         "LogFileEnable = 1\nLogFileFilename = " +
         (both.ours / "once") + "\nLogFileMode = 1\nLogFileTimeDelay = 1\nLogFileContextId = ONCE\nLogFileFilename = " +
         (both.ours / "again") +
         "\nLogFileMode = 2\nLogFileTimeDelay = 1\nLogFileContextId = AGN\n"
         "LogProcessesEnable = 1\nLogProcessesContextId = PROC\nLogProcessName = dlt-system\nLogProcessFilename = "
         "cmdline\n"
         "LogProcessMode = 2\nLogProcessTimeDelay = 1\n";
}

}  // namespace

TEST_CASE("what dlt-system tells arrives through both daemons, and both pass the shell what dlt-control injects") {
  const BothDaemons both;
  write_file(both.ours / "once", "release 7\n");
  write_file(both.ours / "again", "1\n2\n3\n");
  std::vector<std::unique_ptr<Child>> running;
  for (const Side* side : both.sides()) {
    std::filesystem::create_directory(*side / "outgoing");
    write_file(*side / "system.conf", system_conf(both, *side));
    running.push_back(std::make_unique<Child>(side->client_setup({"dlt-receive", "-a"}, "rx.txt")));
    REQUIRE(side->shows("rx.txt", " DA1- DC1- "));
    running.push_back(std::make_unique<Child>(side->setup({"dlt-system", "-c", *side / "system.conf"}, "system")));
    // Its contexts are there, and it watches the folder.
    for (const char* sign : {"ONCE log ", "AGN- log ", "PROC log "}) REQUIRE(side->shows("rx.txt", sign));
    CHECK(side->control({"-a", "SYS", "-c", "CMD", "-s", "4097", "-m", "exit 3", "-t", "200"}).code == 0);
    write_file(*side / "report.txt", some_file());
    std::filesystem::rename(*side / "report.txt", *side / "outgoing/report.txt");
  }
  std::map<const Side*, std::map<std::string, Messages>> shown;
  for (const Side* side : both.sides()) {
    REQUIRE(side->shows("rx.txt", "[FLFI "));
    REQUIRE(side->shows("rx.txt", " CMD- log "));
    shown[side] = by_context(side->text("rx.txt"), "SYS-");
  }
  auto& ours = shown[&both.ours];
  auto& theirs = shown[&both.incumbent];
  CHECK(ours["FILE"].size() == 2 + some_file().size() / 1024 + 1);
  for (const char* context : {"FILE", "ONCE", "CMD-", "MGR-"}) {
    INFO(context);
    CHECK(ours[context] == theirs[context]);
  }
  // As often as a second passes.
  for (const char* context : {"AGN-", "PROC"}) {
    INFO(context);
    REQUIRE_FALSE(ours[context].empty());
    REQUIRE_FALSE(theirs[context].empty());
    if (std::string("AGN-") == context) CHECK(ours[context][0] == theirs[context][0]);
  }
}

TEST_CASE("a file that dlt-example-filetransfer sends arrives the same through both daemons") {
  const BothDaemons both;
  std::vector<std::unique_ptr<Child>> clients;
  for (const Side* side : both.sides()) {
    clients.push_back(std::make_unique<Child>(side->client_setup({"dlt-receive", "-a"}, "rx.txt")));
    REQUIRE(side->shows("rx.txt", " DA1- DC1- "));
  }
  write_file(both.ours / "report.txt", some_file());
  both.run_application({examples + "dlt-example-filetransfer", "-t", "50", both.ours / "report.txt"});
  for (const Side* side : both.sides()) REQUIRE(side->shows("rx.txt", "[FLFI "));

  const auto ours = by_context(both.ours.text("rx.txt"), "FLTR");
  CHECK(ours.size() == 1);
  CHECK(ours.begin()->second.size() > some_file().size() / 1024);
  CHECK(ours == by_context(both.incumbent.text("rx.txt"), "FLTR"));
}

}  // namespace dlt::test
