#include "gateway/questions.hpp"

#include <catch2/catch.hpp>

using namespace dlt::daemon;
using namespace dlt::daemon::gateway;
using Service = dlt::proto::control::Service;
using Asked = Questions<int>;

namespace {
const Clock::time_point start{};
}

TEST_CASE("an answer is for everybody who has asked that, each once") {
  Asked q;
  q.add(1, Service::get_log_info, start);
  q.add(2, Service::get_default_log_level, start);
  q.add(3, Service::get_log_info, start);
  q.add(1, Service::get_log_info, start);
  CHECK(q.answered(Service::get_log_info, start) == std::vector<int>{1, 3});
  CHECK(q.answered(Service::get_log_info, start) == std::vector<int>{1, 3});  // a list may come in pages
  CHECK(q.answered(Service::get_software_version, start).empty());
}

TEST_CASE("what a node has not answered is told when it goes") {
  Asked q;
  q.add(1, Service::set_log_level, start);
  q.add(2, Service::get_log_info, start);
  q.add(3, Service::set_log_level, start);
  (void)q.answered(Service::set_log_level, start);
  const auto open = q.take_open(start);
  REQUIRE(open.size() == 2);
  CHECK(open[0].asker == 2);
  CHECK(open[0].service == Service::get_log_info);
  CHECK(open[1].asker == 3);
  CHECK(q.empty());
}

TEST_CASE("a question is forgotten after a while") {
  Asked q;
  q.add(1, Service::get_log_info, start);
  CHECK(q.answered(Service::get_log_info, start + Asked::kept).size() == 1);
  CHECK(q.answered(Service::get_log_info, start + Asked::kept + std::chrono::seconds(1)).empty());
  CHECK(q.empty());
}

TEST_CASE("the oldest question makes room for the newest") {
  Asked q;
  for (int i = 0; i < 1000; ++i) q.add(i, Service::get_log_info, start);
  const auto open = q.take_open(start);
  REQUIRE(open.size() == Asked::most);
  CHECK(open.front().asker == 1000 - static_cast<int>(Asked::most));
}
