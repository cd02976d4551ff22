// dlt-viewer without a screen. It keeps its settings in the daemon's folder. The test's main thread only.
#pragma once

#include <filesystem>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include "end_to_end/both_daemons.hpp"
#include "end_to_end/shown.hpp"

namespace dlt::test {

class Viewer {
 public:
  // Connects to the daemon and stores what comes into file() until it is ended.
  explicit Viewer(const Side& side) : file_(side / "viewer.dlt") {
    std::filesystem::create_directories(side / ".dlt/config");
    write_file(side / ".dlt/config/config.ini", "[startup]\nautoConnect=1\n");
    write_file(
        side / "viewer.dlp",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><dltproject><ecu><id>ECU1</id><description>target</description>"
        "<interface>0</interface><hostname>127.0.0.1</hostname><ipport>" +
            side.port_text() +
            "</ipport><loglevel>4</loglevel><verbosemode>1</verbosemode><sendgetloginfo>1</sendgetloginfo>"
            "<updatedata>1</updatedata></ecu></dltproject>");
    child_ = std::make_unique<Child>(setup(side, {"-s", "-p", side / "viewer.dlp", "-l", file_}));
  }
  [[nodiscard]] const std::string& file() const { return file_; }

  // The lines that it makes of a file, as "txt" or "csv", without times, the session (the application's pid) and the
  // line's number.
  static std::vector<std::string> exported(const Side& side, const std::string& file, const std::string& kind) {
    const std::string out = side / ("viewer." + kind);
    std::vector<std::string> options{"-s", "-u"};
    if (kind == "csv") options.emplace_back("-csv");
    options.insert(options.end(), {"-c", file, out});
    Child(setup(side, options)).wait();
    static const std::regex text(R"(^\d+ \S+ \S+ \S+ (\d+ \S+ \S+ \S+) \d+ )");
    static const std::regex table(R"(^"\d+","[^"]*","[^"]*",("\d+","[^"]*","[^"]*","[^"]*"),"\d+",)");
    std::vector<std::string> shown;
    for (const auto& line : lines(read_file(out)))
      shown.push_back(std::regex_replace(line, kind == "csv" ? table : text, "$1 "));
    return shown;
  }

 private:
  static Child::Setup setup(const Side& side, std::vector<std::string> options) {
    options.insert(options.begin(), "dlt-viewer");
    return {.command = std::move(options),
            .environment = {{"QT_QPA_PLATFORM", "offscreen"}, {"HOME", side / ""}, {"XDG_RUNTIME_DIR", side / ""}},
            .out = side / "viewer.out",
            .err = side / "viewer.out"};
  }

  std::string file_;
  std::unique_ptr<Child> child_;
};

}  // namespace dlt::test
