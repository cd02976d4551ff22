#include "case.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "cases.hpp"

using namespace dlt::bench;

TEST_CASE("the median of an even number of repeats lies between the middle two") {
  CHECK(spread({4, 1, 3, 2}).median == 2.5);
  CHECK(spread({3, 1, 2}).median == 2);
  CHECK(spread({3, 1, 2}).min == 1);
  CHECK(spread({3, 1, 2}).max == 3);
  CHECK(spread(std::vector<double>{}).median == 0);
}

TEST_CASE("rates and costs count what was delivered, not what was called") {
  Sample s;
  s.seconds = 2;
  s.offered = s.accepted = 1'000'000;
  s.delivered = 500'000;
  s.delivered_bytes = 50'000'000;
  s.dropped = {{"full", 400'000}, {"timed_out", 100'000}};
  s.application.cpu_s = 0.3;
  s.daemon.cpu_s = 0.2;

  CHECK(s.msgs_per_s() == 250'000);
  CHECK(s.mb_per_s() == 25);
  CHECK(s.cpu_s_per_million() == Approx(1.0));
  CHECK(s.dropped_total() == 500'000);
}

TEST_CASE("the list has each case once, with a question") {
  std::set<std::string> names;
  for (const auto& c : cases()) {
    CHECK(names.insert(c.name).second);
    CHECK(std::string(c.question).size() > 10);
    CHECK(find_case(c.name) == &c);
  }
  CHECK(find_case("nothing") == nullptr);
}

TEST_CASE("noise is the range of the repeats against their median") {
  CHECK(noise({100, 90, 110}) == Approx(0.2));
  CHECK(noise({100, 80, 120}) == Approx(0.4));
  CHECK(noise({0, 0, 0}) == 0);
}

TEST_CASE("messages per write and memory per buffer are 0 where the library does not count them") {
  Sample s;
  s.delivered = 1000;
  CHECK(s.messages_per_write() == 0);
  CHECK(s.bytes_per_buffer() == 0);

  s.writes = 10, s.reserved_bytes = 300, s.buffers = 3;
  CHECK(s.messages_per_write() == 100);
  CHECK(s.bytes_per_buffer() == 100);
}

TEST_CASE("what is on its way is what was accepted and neither dropped nor delivered, and never less than nothing") {
  CHECK(Moment{1, 100, 10, 50}.backlog() == 40);
  CHECK(Moment{1, 100, 10, 95}.backlog() == 0);  // the two ends are looked at a moment apart
}
