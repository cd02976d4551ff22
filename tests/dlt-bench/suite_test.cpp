// The cases of the suite in small: each runs, closes its books and has the figures that it is about; and each claim
// fails when what it is about is wrong on purpose.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "dlt-bench/support/bench.hpp"

using namespace dlt::test;

TEST_CASE("buffer-count: each number of buffers, levels mixed, nothing lost or out of order") {
  const BenchResult r = bench({"buffer-count", "--messages", "3000", "--threads", "2", "--repeat", "1"});

  INFO(r.outcome.out);
  REQUIRE(r.outcome.code == 0);
  REQUIRE(r.json.at("rows").size() == 5);
  for (const auto& row : r.json.at("rows")) {
    CHECK(row.at("delivered") == 6000);
    CHECK(row.at("bytes_per_buffer") > 0);
    CHECK(row.at("messages_per_writev") > 0);
  }
}

TEST_CASE("buffer-size: the burst that survives while the daemon stands still is at least the buffer") {
  const BenchResult r = bench({"buffer-size", "--buffer", "512", "--duration", "0.1", "--repeat", "1"});

  INFO(r.outcome.out);
  REQUIRE(r.outcome.code == 0);
  const auto& stalled = r.json.at("rows").at(0);
  CHECK(stalled.at("dropped").at("full") > 0);
  CHECK(stalled.at("extra").at("burst_survived") >= 512);
  CHECK(stalled.at("extra").at("burst_survived") < stalled.at("offered"));
  CHECK(r.json.at("rows").at(1).at("extra").contains("burst_survived"));
}

TEST_CASE("batch-size: flat out and paced, each with its messages per writev") {
  const BenchResult r = bench({"batch-size", "--messages", "2000", "--repeat", "1"});

  INFO(r.outcome.out);
  REQUIRE(r.outcome.code == 0);
  REQUIRE(r.json.at("rows").size() == 14);
  for (const auto& row : r.json.at("rows")) CHECK(row.at("messages_per_writev") > 0);
}

TEST_CASE("concurrency-burst: bursts and paced, the same number of messages") {
  const BenchResult r = bench({"concurrency-burst", "--messages", "2500", "--threads", "2", "--repeat", "1"});

  INFO(r.outcome.out);
  REQUIRE(r.json.at("rows").size() == 3);
  for (const auto& row : r.json.at("rows")) {
    CHECK(row.at("offered") == 5000);
    CHECK(row.at("unaccounted") == 0);
    CHECK(row.at("e2e_us").at("count") > 0);
  }
}

TEST_CASE("keep-up: a rate is found and held, and overload is told over time") {
  const BenchResult r = bench({"keep-up", "--duration", "0.6"});

  INFO(r.outcome.out);
  REQUIRE(r.json.at("rows").size() == 4);
  const auto& held = r.json.at("rows").at(0);
  CHECK(held.at("extra").at("rate_held") > 0);
  CHECK(held.at("dropped").empty());
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& row = r.json.at("rows").at(i);
    CHECK(row.at("unaccounted") == 0);
    const auto& series = row.at("series");
    REQUIRE(series.at("t_s").size() > 10);
    CHECK(series.at("backlog").size() == series.at("t_s").size());
    CHECK(series.at("accepted").back() > series.at("accepted").front());
  }
  for (const char* key : {"first_drop_s", "recover_s", "backlog_most", "rate_called"})
    CHECK(r.json.at("rows").at(3).at("extra").contains(key));
}

TEST_CASE("soak: nothing grows with a good logger, and one that leaks is noticed") {
  const auto [logger, word] = GENERATE(table<std::string, std::string>({{"dlt", "met"}, {"leaks", "missed"}}));

  const BenchResult r = bench({"soak", "--duration", "3", "--rate", "200000", "--logger", logger});

  INFO(logger << "\n" << r.outcome.out);
  std::map<std::string, bool> met;
  for (const auto& c : r.json.at("criteria")) met[c.at("what")] = c.at("met");
  REQUIRE(met.size() == 6);
  const bool descriptors = met.at("soak, application: file descriptors gained");
  CHECK(descriptors == (logger == "dlt"));
  CHECK(met.at("soak, daemon: file descriptors gained"));
  if (logger == "leaks") CHECK(r.outcome.code == 1);
}

TEST_CASE("a daemon that loses every 10,000th message makes each case with a client fail") {
  const auto words =
      GENERATE(std::vector<std::string>{"concurrency-single"}, std::vector<std::string>{"concurrency-mpsc"},
               std::vector<std::string>{"keep-up", "--duration", "1"},
               std::vector<std::string>{"soak", "--rate", "50000", "--duration", "1"});
  std::vector<std::string> all = words;
  if (words.size() == 1) all.insert(all.end(), {"--messages", "25000", "--repeat", "1"});
  all.emplace_back("--lossy-relay");

  const BenchResult r = bench(all);

  INFO(words[0] << "\n" << r.outcome.out);
  CHECK(r.outcome.code == 1);
  CHECK(r.outcome.out.find("messages unaccounted for") != std::string::npos);
}

TEST_CASE("keep-up fails with a logger that drops, and tells that messages are unaccounted for") {
  const BenchResult r = bench({"keep-up", "--duration", "0.3", "--logger", "drops"});

  INFO(r.outcome.out);
  CHECK(r.outcome.code == 1);
  CHECK(r.outcome.out.find("unaccounted") != std::string::npos);
}

TEST_CASE("full keeps to a budget that is too short for it, and says what it left out") {
  const auto begin = std::chrono::steady_clock::now();

  const BenchResult r = bench({"full", "--budget", "10", "--repeat", "1", "--messages", "1000", "--duration", "0.1"});

  INFO(r.outcome.out);
  CHECK(r.json.at("facts").contains("left out, the budget was used up"));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::minutes(8));
}

TEST_CASE("system keeps to a budget that is too short for it, judges what ran, and says what it left out") {
  const auto name = GENERATE("system", "system-quick");
  const auto begin = std::chrono::steady_clock::now();

  const BenchResult r = bench({name, "--budget", "10", "--messages", "1000", "--duration", "0.1"});

  INFO(r.outcome.out);
  CHECK(r.json.at("facts").contains("left out, the budget was used up"));
  std::set<std::string> judged;
  for (const auto& c : r.json.at("criteria")) judged.insert(c.at("what").get<std::string>());
  CHECK(judged.contains("messages that no book accounts for"));
  CHECK(judged.contains("faults: what was lost, torn, twice, out of order, or cannot be"));
  CHECK(r.json.at("rows").size() > 0);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::minutes(8));
}

TEST_CASE("with --books-only a missed criterion is named and does not decide, a message lost does") {
  const std::string what = "stress-fragmentation, application: file descriptors gained";
  const std::vector<std::string> visits{"stress-fragmentation", "--messages", "2000", "--logger"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), visits.begin(), visits.end());
    return bench(more);
  };

  const BenchResult judged = with({"leaks"}), books = with({"leaks", "--books-only"}),
                    lost = with({"drops", "--books-only"});

  INFO(judged.outcome.out << books.outcome.out << lost.outcome.out);
  CHECK(judged.outcome.code == 1);
  CHECK(books.outcome.code == 0);
  CHECK(books.outcome.out.find("missed, and only books decide: " + what) != std::string::npos);
  CHECK(lost.outcome.code == 1);
  CHECK(lost.outcome.out.find("see what is marked FAULT\n") != std::string::npos);
}

TEST_CASE("compare: what spdlog wrote is read back, what syslog sent is counted, and what is not there is named") {
  const BenchResult r = bench({"compare", "--repeat", "1", "--duration", "0.2"});

  INFO(r.outcome.out);
  std::map<std::string, Json> rows;
  for (const auto& row : r.json.at("rows"))
    rows[row.at("config").at("library").get<std::string>() + ", " + row.at("config").at("sink").get<std::string>()] =
        row;
  const auto& facts = r.json.at("facts");
  for (const char* name : {"spdlog async, text file, same process", "syslog(3), a reader that only counts"}) {
    if (!rows.contains(name)) {
      CHECK(facts.contains("syslog(3) to a reader of ours"));  // why not
      CHECK(name[1] == 'y');
      continue;
    }
    const Json& row = rows.at(name);
    CHECK(row.at("delivered") > 0);
    CHECK(row.at("delivered") == row.at("accepted"));
    CHECK(row.at("faults").empty());
    CHECK(row.at("call_ns").at("count") > 0);
  }
  CHECK(rows.contains("syslog(3), the daemon at /dev/log") != facts.contains("syslog daemon of this machine"));
}

TEST_CASE("reconnect: the time from the socket's return to the first message") {
  const BenchResult r = bench({"reconnect", "--repeat", "2"});

  INFO(r.outcome.out);
  REQUIRE(r.json.at("criteria").size() == 1);
  const auto& c = r.json.at("criteria").at(0);
  CHECK(c.at("unit") == "ms");
  CHECK(c.at("measured").at("min") > 0);
  CHECK(c.at("measured").at("max") >= c.at("measured").at("median"));
  CHECK(c.at("remark").get<std::string>().find("of 2 within 250 ms") != std::string::npos);
}

TEST_CASE("a result whose repeats differ is measured once more and marked") {
  const BenchResult r =
      bench({"concurrency-scale", "--threads", "1", "--messages", "50000", "--repeat", "4", "--logger", "uneven"});

  INFO(r.outcome.out);
  const auto& row = r.json.at("rows").at(0);
  CHECK(row.at("noisy") == true);
  CHECK(row.at("notes").dump().find("measured once more") != std::string::npos);
  CHECK(row.at("repeats").size() == 4);
  CHECK(r.outcome.code == 0);
}
