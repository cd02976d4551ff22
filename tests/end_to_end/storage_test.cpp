// The programs of others read the files that our daemon stores, plain and compressed.
#include <catch2/catch.hpp>

#include "end_to_end/app.hpp"
#include "end_to_end/shown.hpp"
#include "support/status.hpp"

namespace dlt::test {
namespace {

// The one stored file with this ending, once the daemon has ended.
std::string stored_file(const std::filesystem::path& directory, const std::string& ending) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().string();
    if (name.size() > ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0)
      files.push_back(name);
  }
  REQUIRE(files.size() == 1);
  return files[0];
}

}  // namespace

TEST_CASE("dlt-convert, python-dlt and zstdcat read the stored file") {
  const bool compressed = GENERATE(false, true);
  Daemon daemon(DLT_DAEMON);
  const std::string directory = daemon.dir() / "stored";
  std::filesystem::create_directory(directory);
  daemon.set("OfflineTraceDirectory", directory);
  daemon.set("OfflineTraceCompression", compressed ? "1" : "0");
  daemon.start();
  App app(daemon, in_order);
  app.ask("types");
  app.ask("say info END");
  REQUIRE(app.quit() == 0);
  REQUIRE(eventually([&] { return status(daemon).received("E2EA") == expected_lines().size(); }));
  REQUIRE(daemon.stop() == 0);

  std::string file = stored_file(directory, compressed ? ".dlt.zst" : ".dlt");
  if (compressed) {
    const std::string plain = daemon.dir() / "plain.dlt";
    REQUIRE(run({"sh", "-c", "zstdcat '" + file + "' > '" + plain + "'"}).code == 0);
    file = plain;
  }

  const Outcome convert = run({"dlt-convert", "-a", file});
  CHECK(convert.code == 0);
  CHECK(shown_lines(convert.out) == expected_lines());

  // The distribution's python3, because that is where the package python3-dlt puts its module.
  const Outcome python = run({"/usr/bin/python3", DLT_TEST_DATA "/end_to_end/read_with_python_dlt.py", file});
  CHECK(python.code == 0);
  CHECK(lines(python.out) == expected_payloads());
}

}  // namespace dlt::test
