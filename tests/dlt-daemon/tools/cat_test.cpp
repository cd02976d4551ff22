// `dlt-daemon cat` as a process, beside dlt-convert on the same files.
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>

#include "dlt-daemon/support/stored.hpp"
#include "dlt-daemon/tools/program.hpp"

using namespace dlt;
using namespace dlt::test;

namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

struct Sample {
  TempDir dir;
  std::string file = dir / "a.dlt";
  Sample() { write_file(file, sample()); }
};

}  // namespace

TEST_CASE("cat prints exactly what dlt-convert prints, in each form, cut and counted") {
  const Sample s;
  using Words = std::vector<std::string>;
  for (const Words& options : {Words{"-a"},
                               {"-x"},
                               {"-m"},
                               {"-s"},
                               {"-a", "-b", "3", "-e", "6"},
                               {"-a", "-e", "0"},
                               {"-a", "-b", "9"},
                               {"-c"},
                               {"-x", "-s"}})
    for (const char* zone : {"UTC", "Asia/Kolkata"}) {
      Words ours{"cat"};
      Words theirs{"dlt-convert"};
      for (auto* words : {&ours, &theirs}) {
        words->insert(words->end(), options.begin(), options.end());
        words->push_back(s.file);
        words->push_back(s.file);
      }
      INFO(options[0] << " " << options.size() << " " << zone);
      const Ran expected = run_apart(theirs, {{"TZ", zone}});
      const Ran got = tool(ours, {{"TZ", zone}});
      CHECK(got.code == 0);
      CHECK(got.out == expected.out);
      CHECK(got.err.empty());
    }
}

TEST_CASE("cat reads a filter file as dlt-convert does") {
  const Sample s;
  write_file(s.dir / "filter", "NAVI ROUT\nMEDI PLAY\n");
  const Ran expected = run_apart({"dlt-convert", "-a", "-f", s.dir / "filter", s.file}, {{"TZ", "UTC"}});
  const Ran got = tool({"cat", "-a", "-f", s.dir / "filter", s.file}, {{"TZ", "UTC"}});
  // The incumbent echoes the filter in front of its first line.
  CHECK(expected.out.ends_with(got.out));
  CHECK(lines(got.out).size() == lines(expected.out).size() - 2);
}

TEST_CASE("what cat cuts and joins is what dlt-convert cuts and joins, and reads") {
  const Sample s;
  REQUIRE(run_apart({"dlt-convert", "-o", s.dir / "theirs.dlt", "-b", "2", "-e", "7", s.file, s.file}).code == 0);
  REQUIRE(tool({"cat", "-o", s.dir / "ours.dlt", "-b", "2", "-e", "7", s.file, s.file}).code == 0);
  CHECK(read_file(s.dir / "ours.dlt") == read_file(s.dir / "theirs.dlt"));

  REQUIRE(tool({"cat", "-o", s.dir / "ours.dlt.zst", s.file, s.file}).code == 0);
  CHECK(unpack(read_file(s.dir / "ours.dlt.zst")) == sample() + sample());
  CHECK(tool({"cat", "-o", "-", s.dir / "ours.dlt.zst"}).out == sample() + sample());
}

TEST_CASE("cat writes gzip where the name says so") {
  const Sample s;
  CHECK(tool({"cat", "-o", s.dir / "out.dlt.gz", s.file}).code == 0);
  CHECK(run_apart({"zcat", s.dir / "out.dlt.gz"}).out == sample());
  CHECK(tool({"cat", "-o", "-", s.dir / "out.dlt.gz"}).out == sample());
}

TEST_CASE("cat reads stdin, gzip and zstd alike") {
  const Sample s;
  const std::string plain = tool({"cat", s.file}).out;
  CHECK(lines(plain).size() == 15);
  for (const char* pack : {"cat", "gzip -c", "zstd -qc"}) {
    INFO(pack);
    const std::string by_pipe = std::string(pack) + " \"$1\" | \"$0\" cat -";
    const Ran piped = run_apart({"sh", "-c", by_pipe, program(), s.file});
    CHECK(piped.out == plain);
    CHECK(piped.code == 0);
    CHECK(piped.err.empty());
  }
}

TEST_CASE("cat selects by filter, level, text and time") {
  const Sample s;
  const auto count = [&](std::vector<std::string> options) {
    options.insert(options.begin(), "cat");
    options.push_back(s.file);
    const Ran ran = tool(options, {{"TZ", "UTC"}});
    CHECK(ran.code == 0);
    return lines(ran.out).size();
  };
  CHECK(count({"--app", "NAVI"}) == 4);
  CHECK(count({"--app", "NAVI", "--context", "ROUT"}) == 2);
  CHECK(count({"--level", "error"}) == 4);
  CHECK(count({"--filter", "MEDI", "--filter", "!::=error"}) == 6);
  CHECK(count({"--text", "message 1[01]$"}) == 2);
  CHECK(count({"--since", "2023-11-14 22:13:22", "--until", "2023-11-14 22:13:24.000005Z"}) == 3);
  CHECK(count({"--until", "2023-11-14 22:13:24"}) == 4);
  CHECK(count({"--since", "-1min"}) == 0);
}

TEST_CASE("cat in JSON is one object a line, in CSV a line of names and one for each message") {
  const Sample s;
  const auto json = lines(tool({"cat", "--format", "json", s.file}).out);
  REQUIRE(json.size() == 15);
  for (const auto& line : json) CHECK(nlohmann::json::parse(line).at("ecu") == "ECU1");
  CHECK(nlohmann::json::parse(json[5]).at("args")[1].at("value") == 5);
  const auto csv = lines(tool({"cat", "--format", "csv", "-e", "3", s.file}).out);
  REQUIRE(csv.size() == 5);
  CHECK_THAT(csv[0], Catch::StartsWith("time,timestamp_s,"));
  CHECK_THAT(csv[1], Catch::StartsWith("2023-11-14T22:13:20.000005Z,12.3456,ECU1,NAVI,ROUT,log,fatal,"));
}

TEST_CASE("cat in CBOR is one item after the other") {
  const Sample s;
  std::istringstream items(tool({"cat", "--format", "cbor", s.file}).out);
  for (const auto& line : lines(tool({"cat", "--format", "json", s.file}).out)) {
    const auto item = nlohmann::json::from_cbor(items, false);
    CHECK(item.at("time") == nlohmann::json::parse(line).at("time"));
    CHECK(item.at("text") == nlohmann::json::parse(line).at("text"));
  }
  CHECK(items.peek() == std::istringstream::traits_type::eof());
}

TEST_CASE("cat merges files by time of reception, in the order of the files where times are equal") {
  const TempDir dir;
  std::string even, odd;
  for (std::uint32_t i = 0; i < 100; ++i) (i % 2 == 0 ? even : odd) += stored(frame(i), 1000 + i / 4);
  write_file(dir / "even.dlt", even);
  write_file(dir / "odd.dlt", odd);
  REQUIRE(tool({"cat", "--merge", "-o", dir / "all.dlt", dir / "even.dlt", dir / "odd.dlt"}).code == 0);
  Numbers expected;
  for (std::uint32_t i = 0; i < 100; i += 4)
    for (const auto n : {i, i + 2, i + 1, i + 3}) expected.push_back(n);
  CHECK(stored_numbers(read_file(dir / "all.dlt")) == expected);
}

TEST_CASE("cat says what it skipped, of which file and where; with --strict it fails") {
  const Sample s;
  const std::string damaged = sample() + "rubbish!" + sample();
  write_file(s.dir / "damaged.dlt", damaged);
  const Ran lenient = tool({"cat", s.file, s.dir / "damaged.dlt"});
  CHECK(lenient.code == 0);
  CHECK(lines(lenient.out).size() == 45);
  CHECK(lenient.err == "dlt-daemon cat: " + (s.dir / "damaged.dlt") + ": skipped 8 bytes at offset " +
                           std::to_string(sample().size()) + " (no message)\n");
  CHECK(tool({"cat", "--strict", s.dir / "damaged.dlt"}).code == 1);
  CHECK(tool({"cat", "--strict", s.file}).code == 0);
}

TEST_CASE("cat fails where nothing can be read, and reads the other files") {
  const Sample s;
  write_file(s.dir / "rubbish.dlt", "this is no message at all");
  write_file(s.dir / "empty.dlt", "");
  CHECK(tool({"cat", s.dir / "empty.dlt"}).code == 0);
  const Ran rubbish = tool({"cat", s.dir / "rubbish.dlt"});
  CHECK(rubbish.code == 1);
  CHECK_THAT(rubbish.err, Catch::Contains("rubbish.dlt: no message in it"));
  const Ran folder = tool({"cat", s.dir.path().string(), s.dir / "none.dlt", s.file});
  CHECK(folder.code == 1);
  CHECK_THAT(folder.err, Catch::Contains("Is a directory") && Catch::Contains("No such file"));
  CHECK(lines(folder.out).size() == 15);
  const Ran bad_output = tool({"cat", "-o", s.dir / "none/x.dlt", s.file});
  CHECK(bad_output.code == 1);
  CHECK_THAT(bad_output.err, Catch::Contains("cannot write " + (s.dir / "none/x.dlt")));
  const Ran itself = tool({"cat", "-o", s.file, s.file});
  CHECK(itself.code == 1);
  CHECK(read_file(s.file) == sample());
}

TEST_CASE("cat ends quietly where its reader has gone, and with an error where stdout is full") {
  const TempDir dir;
  std::string many;
  for (std::uint32_t i = 0; i < 50'000; ++i) many += stored(frame(i));
  write_file(dir / "many.dlt", many);
  const Ran head = run_apart({"sh", "-c", R"("$0" cat "$1" | head -n 1)", program(), dir / "many.dlt"});
  CHECK(lines(head.out).size() == 1);
  CHECK(head.err.empty());
  const Ran full = run_apart({"sh", "-c", R"("$0" cat "$1" > /dev/full)", program(), dir / "many.dlt"});
  CHECK(full.code == 1);
  CHECK_THAT(full.err, Catch::Contains("No space left"));
}

TEST_CASE("cat on a full disk fails, says how much is stored, and leaves whole messages") {
  const TempDir dir;
  std::string many;
  for (std::uint32_t i = 0; i < 20'000; ++i) many += stored(frame(i));
  write_file(dir / "many.dlt", many);
  for (const auto& [name, limit] : {std::pair{"out.dlt", "50000"}, {"out.dlt.zst", "15000"}}) {
    const Ran ran =
        run_apart({"prlimit", std::string("--fsize=") + limit, program(), "cat", "-o", dir / name, dir / "many.dlt"});
    INFO(ran.err);
    CHECK(ran.code == 1);
    CHECK_THAT(ran.err, Catch::Contains("File too large") && Catch::Contains("messages stored"));
    const auto numbers = all_numbers(dir.path()).size();
    CHECK(numbers >= 20'000);
    std::filesystem::remove(dir / name);
  }
}

TEST_CASE("cat follows a file that grows, and a signal ends it with everything stored") {
  for (const char* name : {"out.dlt", "out.dlt.zst"}) {
    const Sample s;
    Child child({.command = {program(), "cat", "-w", "-a", "-o", s.dir / name, s.file}, .out = s.dir / "text"});
    REQUIRE(eventually([&] { return lines(read_file(s.dir / "text")).size() == 15; }));
    std::ofstream(s.file, std::ios::app | std::ios::binary) << sample().substr(0, 30);
    std::ofstream(s.file, std::ios::app | std::ios::binary) << sample().substr(30);
    REQUIRE(eventually([&] { return lines(read_file(s.dir / "text")).size() == 30; }));
    CHECK(child.stop(SIGINT) == 0);
    const std::string bytes = read_file(s.dir / name);
    CHECK((std::string(name).ends_with(".zst") ? unpack(bytes) : bytes) == sample() + sample());
  }
}

TEST_CASE("a terminal gets colours by level unless NO_COLOR is set, and no control character of a message") {
  const TempDir dir;
  write_file(dir / "x.dlt", stored(log_frame({proto::argument("a\x1b[2J")}, Level::error)));
  const auto on_terminal = [&](const std::map<std::string, std::string>& environment) {
    const Ran ran = run_apart({"script", "-qec", program() + " cat " + (dir / "x.dlt"), "/dev/null"}, environment);
    return ran.out;
  };
  const std::string coloured = on_terminal({});
  CHECK(coloured.find("\x1b[31m0 2023") != std::string::npos);
  CHECK(coloured.find("[a\\x1b[2J]") != std::string::npos);
  CHECK(on_terminal({{"NO_COLOR", "1"}}).find('\x1b') == std::string::npos);
  CHECK(tool({"cat", dir / "x.dlt"}).out.find("[a\x1b[2J]") != std::string::npos);
}

TEST_CASE("nothing in a message speaks to a terminal, whatever the form and the encoding") {
  const TempDir dir;
  // An escape, DEL; the control character CSI in UTF-8 and alone; a change of direction; then what may stay.
  write_file(dir / "x.dlt",
             stored(log_frame({proto::argument("\x1b[2J\x7f \xc2\x9b"
                                               "2J \x9b"
                                               "2J \xe2\x80\xae \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")})));
  for (const char* format : {"text", "mixed", "headers", "json", "csv"}) {
    INFO(format);
    const Ran ran =
        run_apart({"script", "-qec", program() + " cat --format " + format + " " + (dir / "x.dlt"), "/dev/null"},
                  {{"NO_COLOR", "1"}});
    CHECK(ran.code == 0);
    for (const char* bad : {"\x1b", "\x7f", "\xc2\x9b", " \x9b", "\xe2\x80\xae"})
      CHECK(ran.out.find(bad) == std::string::npos);
    const bool shown = std::string(format) != "mixed" && std::string(format) != "headers";
    CHECK((ran.out.find("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80") != std::string::npos) == shown);
  }
}

TEST_CASE("cat that counts stores and prints as well where it is told to, as dlt-convert does") {
  const Sample s;
  const Ran expected = run_apart({"dlt-convert", "-c", "-a", "-b", "3", "-e", "6", "-o", s.dir / "theirs.dlt", s.file});
  const Ran got = tool({"cat", "-c", "-a", "-b", "3", "-e", "6", "-o", s.dir / "ours.dlt", s.file});
  CHECK(got.code == 0);
  CHECK(got.out == expected.out);
  CHECK(read_file(s.dir / "ours.dlt") == read_file(s.dir / "theirs.dlt"));
}

TEST_CASE("cat that follows a file ends where the file cannot be read any more") {
  const Ran ran =
      run_apart({"timeout", "20", program(), "cat", "-w", "/proc/self/mem"});  // its first page is not there
  CHECK(ran.code == 1);
  CHECK(ran.err.find("cannot read /proc/self/mem: Input/output error") != std::string::npos);
}
