#include "logstorage/filter_file.hpp"

#include <catch2/catch.hpp>

using namespace dlt;
using namespace dlt::daemon::logstorage;

namespace {

const std::string good =
    "LogAppName=NAVI,MAP\nContextName=.*\nLogLevel=DLT_LOG_INFO\nFile=navi\nFileSize=1000\nNOFiles=3\n";

// The only problem of a file with one filter, which is left out.
std::string problem_of(const std::string& text) {
  const auto file = parse_filters(text, "x.conf");
  CHECK(file.filters.empty());
  REQUIRE(file.problems.size() == 1);
  return file.problems.front();
}

}  // namespace

TEST_CASE("a filter says what is stored, where and when") {
  const auto file = parse_filters(
      "# comment\n; another\n[General]\nMaintainLogstorageLogLevel = OFF\n\n[FILTER1]\nLogAppName = NAVI , MAP\n"
      "ContextName = .*\nExcludedContextName = NOPE\nLogLevel = DLT_LOG_WARN\nResetLogLevel = DLT_LOG_OFF\n"
      "File = sub/navi\nFileSize = 5000\nNOFiles = 7\nSyncBehavior = ON_SPECIFIC_SIZE,ON_DEMAND\nSpecificSize = 100\n"
      "OverwriteBehavior = DISCARD_NEW\nEcuID = ECU2\nGzipCompression = ON\nDisableNetwork = ON\r\n",
      "x.conf");

  CHECK(file.problems.empty());
  CHECK_FALSE(file.maintain_level);
  REQUIRE(file.filters.size() == 1);
  const Filter& f = file.filters[0];
  CHECK(f.name == "FILTER1");
  CHECK(f.apps == std::vector<AppId>{"NAVI", "MAP"});
  CHECK(f.contexts.empty());
  CHECK(f.excluded_contexts == std::vector<ContextId>{"NOPE"});
  CHECK(f.level == 3);
  CHECK(f.reset_level == 0);
  CHECK(f.file == "sub/navi");
  CHECK(f.file_size == 5000);
  CHECK(f.files == 7);
  CHECK(f.sync == (sync::on_specific_size | sync::on_demand));
  CHECK(f.cache_size() == 100);
  CHECK(f.discard_new);
  CHECK(f.ecu == EcuId("ECU2"));
  CHECK(f.compression == Compression::gzip);
  CHECK(f.disable_network);
}

TEST_CASE("without more words each message is written at once and the oldest file goes") {
  const auto file = parse_filters("[FILTER12]\n" + good, "x");
  REQUIRE(file.filters.size() == 1);
  CHECK(file.filters[0].sync == sync::on_message);
  CHECK(file.filters[0].cache_size() == 0);
  CHECK_FALSE(file.filters[0].discard_new);
  CHECK(file.maintain_level);
}

TEST_CASE("a wrong filter is named with file, line and section, and left out") {
  struct Wrong {
    std::string lines;
    std::string problem;
  };
  const std::vector<Wrong> table{
      {"LogLevel=DLT_LOG_INFOX\n",
       "x.conf:8: [FILTER1] is left out: LogLevel = 'DLT_LOG_INFOX': expected DLT_LOG_FATAL"},
      {"LogLevel=DLT_LOG_OFF\n", "x.conf:8: [FILTER1] is left out: LogLevel"},
      {"ResetLogLevel=4\n", "x.conf:8: [FILTER1] is left out: ResetLogLevel"},
      {"FileSize=0\n", "x.conf:8: [FILTER1] is left out: FileSize = '0': expected a number"},
      {"NOFiles=-1\n", "x.conf:8: [FILTER1] is left out: NOFiles"},
      {"NOFiles=4294967296\n", "x.conf:8: [FILTER1] is left out: NOFiles"},
      {"File=../navi\n", "x.conf:8: [FILTER1] is left out: File = '../navi': expected a file name"},
      {"File=/navi\n", "x.conf:8: [FILTER1] is left out: File"},
      {"File=a//b\n", "x.conf:8: [FILTER1] is left out: File"},
      {"LogAppName=\n", "x.conf:8: [FILTER1] is left out: LogAppName = '': expected up to 100 ids"},
      {"LogAppName=A,,B\n", "x.conf:8: [FILTER1] is left out: LogAppName"},
      {"SyncBehavior=ON_MOON\n", "x.conf:8: [FILTER1] is left out: SyncBehavior = 'ON_MOON': 'ON_MOON' is none"},
      {"SyncBehavior=ON_MSG,ON_DEMAND\n",
       "x.conf:8: [FILTER1] is left out: SyncBehavior = 'ON_MSG,ON_DEMAND': ON_MSG does"},
      {"SyncBehavior=ON_FILE_SIZE,ON_SPECIFIC_SIZE\n", "x.conf:8: [FILTER1] is left out: SyncBehavior"},
      {"OverwriteBehavior=NEVER\n", "x.conf:8: [FILTER1] is left out: OverwriteBehavior"},
      {"GzipCompression=ON\nZstdCompression=ON\n", "x.conf:1: [FILTER1] is left out: GzipCompression does not go with"},
      {"GzipCompression=yes\n", "x.conf:8: [FILTER1] is left out: GzipCompression"},
      {"Colour=red\n", "x.conf:8: [FILTER1] is left out: unknown key 'Colour'"},
      {"just words\n", "x.conf:8: [FILTER1] is left out: expected `Key = value`"},
      {"SyncBehavior=ON_SPECIFIC_SIZE\n", "x.conf:1: [FILTER1] is left out: ON_SPECIFIC_SIZE needs"},
      {"SyncBehavior=ON_SPECIFIC_SIZE\nSpecificSize=1001\n", "x.conf:1: [FILTER1] is left out: SpecificSize is more"},
      {"LogAppName=.*\n", "x.conf:1: [FILTER1] is left out: with .* for both names EcuID is needed"},
  };
  for (const auto& [lines, problem] : table) {
    INFO(lines);
    CHECK_THAT(problem_of("[FILTER1]\n" + good + lines), Catch::StartsWith(problem));
  }
}

TEST_CASE("an id that is longer than ids are is cut as the incumbent cuts it, and named") {
  const auto file = parse_filters(
      "[FILTER1]\n" + good + "LogAppName=NAVIGATION,MAP\nExcludedContextName=ROUTE\nEcuID=TARGET\n", "x.conf");
  REQUIRE(file.filters.size() == 1);
  CHECK(file.problems.empty());
  CHECK(file.filters[0].apps == std::vector<AppId>{"NAVI", "MAP"});
  CHECK(file.filters[0].ecu == EcuId("TARG"));
  CHECK(file.warnings == std::vector<std::string>{
                             "x.conf:8: [FILTER1]: LogAppName: 'NAVIGATION' is longer than an id and means 'NAVI'",
                             "x.conf:9: [FILTER1]: ExcludedContextName: 'ROUTE' is longer than an id and means 'ROUT'",
                             "x.conf:10: [FILTER1]: EcuID: 'TARGET' is longer than an id and means 'TARG'"});
}

TEST_CASE("what is missing in a filter is named") {
  CHECK(problem_of("[FILTER3]\n") == "x.conf:1: [FILTER3] is left out: LogAppName is missing");
  CHECK(problem_of("\n[FILTER3]\nLogAppName=A\nContextName=B\nLogLevel=DLT_LOG_INFO\nFile=f\nFileSize=1\n") ==
        "x.conf:2: [FILTER3] is left out: NOFiles is missing");
}

TEST_CASE("the other filters work") {
  const auto file = parse_filters("[FILTER1]\n" + good + "LogLevel=?\n[FILTER2]\n" + good + "[FILTERX]\n" + good +
                                      "[NON-VERBOSE-STORAGE-FILTER1]\nEcuID=E\n[FILTER3\n" + good,
                                  "x");
  REQUIRE(file.filters.size() == 1);
  CHECK(file.filters[0].name == "FILTER2");
  REQUIRE(file.problems.size() == 4);
  CHECK(file.problems[1] == "x:16: '[FILTERX]' is no section such as [FILTER1]: left out");
  CHECK(file.problems[2] == "x:23: [NON-VERBOSE-STORAGE-FILTER1] is left out: File is missing");
}

TEST_CASE("messages without an extended header have sections of their own") {
  const auto file = parse_filters(
      "[NON-VERBOSE-STORAGE-FILTER1]\nEcuID=ECU2\nFile=bare\nFileSize=1000\nNOFiles=2\nZstdCompression=ON\n"
      "[NON-VERBOSE-LOGLEVEL-CTRL1]\nLogAppName=NAVI\nContextName=.*\nLogLevel=DLT_LOG_DEBUG\n"
      "ResetLogLevel=DLT_LOG_WARN\nEcuID=ECU2\n",
      "x");
  CHECK(file.problems.empty());
  REQUIRE(file.filters.size() == 2);
  const Filter& stored = file.filters[0];
  CHECK((stored.stores() && stored.apps.empty() && stored.contexts.empty() && stored.level == 0));
  CHECK((stored.file_size == 1000 && stored.files == 2 && stored.compression == Compression::zstd));
  CHECK(stored.ecu == EcuId("ECU2"));
  const Filter& control = file.filters[1];
  CHECK_FALSE(control.stores());
  CHECK(control.cache_size() == 0);
  CHECK((control.level == 5 && control.reset_level == 3 && control.ecu == EcuId("ECU2")));
}

TEST_CASE("a key that does not belong to a section's kind is named, and so is what its kind needs") {
  const std::string storage = "[NON-VERBOSE-STORAGE-FILTER1]\nFile=f\nFileSize=9\nNOFiles=1\n";
  const std::string control = "[NON-VERBOSE-LOGLEVEL-CTRL1]\nLogAppName=A\nContextName=B\nLogLevel=DLT_LOG_INFO\n";
  CHECK(problem_of(storage) == "x.conf:1: [NON-VERBOSE-STORAGE-FILTER1] is left out: EcuID is missing");
  CHECK(problem_of(control) == "x.conf:1: [NON-VERBOSE-LOGLEVEL-CTRL1] is left out: EcuID is missing");
  CHECK(problem_of(storage + "EcuID=E\nLogAppName=A\n") ==
        "x.conf:6: [NON-VERBOSE-STORAGE-FILTER1] is left out: LogAppName = 'A': is no key of this kind of section");
  CHECK(problem_of(control + "EcuID=E\nFile=f\n") ==
        "x.conf:6: [NON-VERBOSE-LOGLEVEL-CTRL1] is left out: File = 'f': is no key of this kind of section");
}

TEST_CASE("two filters may have the same files, if they agree about them") {
  CHECK(parse_filters("[FILTER1]\n" + good + "[FILTER2]\n" + good, "x").filters.size() == 2);
  const auto file = parse_filters("[FILTER1]\n" + good + "[FILTER2]\n" + good + "NOFiles=4\n", "x");
  CHECK(file.filters.size() == 1);
  CHECK(file.problems ==
        std::vector<std::string>{"x:8: [FILTER2] is left out: File is that of [FILTER1] as well, with other sizes"});
}

TEST_CASE("rubbish costs a bounded number of lines, printed harmlessly") {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "\x1b[31m\n";
  for (int i = 0; i < 100; ++i) text += "[FILTER1]\n" + good;
  const auto file = parse_filters(text, "x");
  CHECK(file.problems.size() == 20);
  CHECK(file.filters.size() == most_filters);
  for (const auto& p : file.problems) CHECK(p.find('\x1b') == std::string::npos);
  CHECK(parse_filters("", "x").problems.empty());
}
