// The page of --html in a browser: Debian's chromium, without a window.
#include <catch2/catch.hpp>

#include "harness/report.hpp"
#include "support/child.hpp"
#include "support/temp_dir.hpp"

using namespace dlt::bench;
using dlt::test::Outcome;
using dlt::test::TempDir;

namespace {

Sample sample(double rate) {
  Sample s;
  s.seconds = 1;
  s.offered = s.accepted = static_cast<std::uint64_t>(rate) + 5;
  s.delivered = static_cast<std::uint64_t>(rate);
  s.dropped = {{"full", 5}};
  s.call_ns = {1000, 20, 30, 90, 400, 9000};
  s.e2e_us = {1000, 40, 60, 200, 900, 4000};
  s.application.cpu_s = 0.1, s.daemon.cpu_s = 0.05;
  s.application.peak_rss_bytes = 7'000'000, s.daemon.peak_rss_bytes = 9'000'000;
  return s;
}

Row row(const std::string& name, std::vector<std::pair<std::string, std::string>> config, double rate) {
  Row r;
  r.case_name = name;
  r.config = std::move(config);
  r.samples = {sample(rate), sample(rate * 1.1)};
  return r;
}

Report report() {
  Report r;
  r.facts = {{"cpus", "2"}, {"cpu", "a <b>processor</b> & more"}};
  for (const unsigned threads : {1U, 2U, 4U})
    r.numbers.rows.push_back(
        row("concurrency-scale", {{"threads", std::to_string(threads) + " threads"}}, 1e6 * threads));
  r.numbers.rows.push_back(row("latency", {{"pace", "10 k/s </script><i>"}}, 1e4));
  Row kept = row("keep-up", {{"load", "2x, then half"}, {"rate", "9 M/s"}}, 1e6);
  for (std::uint64_t i = 0; i < 50; ++i)
    kept.samples.front().series.push_back({static_cast<double>(i) * 0.1, i * 1000, i * 100, i * 500});
  r.numbers.rows.push_back(kept);
  r.numbers.rows.back().notes.emplace_back("first drop: 1.50 s");
  r.numbers.criteria.push_back({"calls", "ns", {10, 9, 11}, 25, 17, true, 0.5, "quiet"});
  return r;
}

Outcome browse(const TempDir& dir, const std::string& html) {
  dlt::test::write_file(dir / "page.html", html);
  const std::vector<std::string> command{"chromium",
                                         "--headless=new",
                                         "--no-sandbox",
                                         "--disable-gpu",
                                         "--disable-dev-shm-usage",
                                         "--user-data-dir=" + dir / "browser",
                                         "--enable-logging=stderr",
                                         "--virtual-time-budget=2000",
                                         "--dump-dom",
                                         "file://" + dir / "page.html"};
  return dlt::test::run(command, {}, std::chrono::minutes(5));
}

// Tells in the page's title how many of its charts have ink.
constexpr const char* count_ink = R"(<script>addEventListener("load", () => {
  const inked = (c) => c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v);
  document.title = "inked " + [...document.querySelectorAll("#charts canvas")].filter(inked).length +
                   " of " + document.querySelectorAll("figure").length;
});</script>)";

bool has(const Outcome& outcome, const std::string& text) { return outcome.out.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("the page draws every chart in a browser, without a complaint") {
  TempDir dir;

  const Outcome seen = browse(dir, to_html(report()) + count_ink);

  INFO(seen.out.substr(0, 4000));
  CHECK(seen.code == 0);
  CHECK(has(seen, "<title>inked 7 of 7</title>"));
  CHECK_FALSE(has(seen, "CONSOLE"));
}

TEST_CASE("a complaint of the page would be seen") {
  TempDir dir;

  const Outcome seen = browse(dir, to_html(report()) + "<script>no_such_thing()</script>");

  CHECK(has(seen, "CONSOLE"));
}

TEST_CASE("without scripts the page is tables with every figure, and no chart") {
  TempDir dir;

  // A browser without scripts at all cannot print what it has; one that refuses all scripts of the page can.
  std::string html = to_html(report());
  html.insert(html.find("<meta"), R"(<meta http-equiv="Content-Security-Policy" content="script-src 'none'">)");
  const Outcome seen = browse(dir, html);

  INFO(seen.out.substr(0, 4000));
  CHECK_FALSE(has(seen, "<canvas"));
  CHECK_FALSE(has(seen, "<figure"));
  for (const char* text : {"The charts need JavaScript", "4.20 M", "concurrency-scale", "first drop: 1.50 s",
                           "a &lt;b&gt;processor&lt;/b&gt; &amp; more", "stretch", "on their way"})
    CHECK(has(seen, text));
}

TEST_CASE("the page says at its top what makes its figures worth less") {
  Report r = report();
  CHECK(to_html(r).find("badge warn") == std::string::npos);

  r.facts.emplace_back("load_before", "3.51 2.0 1.0 4/150 77");
  r.numbers.facts.emplace_back("left out, the budget was used up", "soak");
  r.numbers.rows[0].noisy = true;
  const std::string html = to_html(r);
  const std::string top = html.substr(html.find("<header>"), html.find("</header>") - html.find("<header>"));

  for (const char* text : {"the machine was busy", "left out, the budget was used up: soak", "1 of 5 rows noisy"})
    CHECK(top.find(text) != std::string::npos);
}

TEST_CASE("the page needs nothing from elsewhere, and what is logged into it cannot end its script") {
  const std::string html = to_html(report());

  for (const char* text : {"<script src", "<link rel=\"stylesheet\"", "@import", "url(http", "fetch("})
    CHECK(html.find(text) == std::string::npos);
  CHECK(html.find("</script><i>") == std::string::npos);
  CHECK(html.find("The MIT License") != std::string::npos);
}
