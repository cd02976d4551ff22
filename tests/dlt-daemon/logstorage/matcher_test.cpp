#include "logstorage/matcher.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/wire.hpp"

using namespace dlt;
using namespace dlt::daemon::logstorage;
using namespace dlt::test;

namespace {

Filter filter(std::vector<AppId> apps, std::vector<ContextId> contexts, std::int8_t level = 4, EcuId ecu = {}) {
  Filter f;
  f.apps = std::move(apps);
  f.contexts = std::move(contexts);
  f.level = level;
  f.ecu = ecu;
  f.file = "one";
  return f;
}

// A frame with this MSIN, of this ECU.
std::string message(AppId app, ContextId context, std::uint8_t level, EcuId ecu = "ECU1") {
  std::string f = frame(0, 0, app, context);
  f.replace(4, 4, ecu.bytes(), 4);
  f[frame_headers - 10] = static_cast<char>(level << 4 | 1);
  return f;
}

std::uint64_t match(Matcher& m, const std::string& f) { return m.match(proto::as_bytes(f).data()); }

}  // namespace

TEST_CASE("filters are chosen by ids, ECU and level") {
  Filter excluded = filter({}, {}, 6, "ECU1");
  excluded.excluded_apps = {"NAVI"};
  excluded.excluded_contexts = {"ROUT"};
  Matcher m({filter({"NAVI"}, {"ROUT"}), filter({"NAVI", "MAP"}, {}, 6), filter({}, {"ROUT"}, 2),
             filter({}, {}, 6, "ECU2"), excluded},
            "ECU1");
  struct Row {
    AppId app;
    ContextId context;
    std::uint8_t level;
    EcuId ecu;
    std::uint64_t filters;
  };
  const std::vector<Row> table{{"NAVI", "ROUT", 4, "ECU1", 0b00011}, {"NAVI", "ROUT", 5, "ECU1", 0b00010},
                               {"NAVI", "ROUT", 2, "ECU1", 0b00111}, {"NAVI", "MAP", 6, "ECU1", 0b10010},
                               {"MAP", "X", 1, "ECU1", 0b10010},     {"X", "ROUT", 1, "ECU1", 0b10100},
                               {"X", "ROUT", 3, "ECU1", 0b10000},    {"X", "Y", 3, "ECU2", 0b01000},
                               {"NAVI", "ROUT", 2, "ECU2", 0b01111}, {"X", "Y", 7, "ECU1", 0}};
  for (int again = 0; again < 2; ++again)  // the second time out of the table of ids
    for (const auto& row : table) {
      INFO(row.app.text() << " " << row.context.text() << " " << int{row.level} << " " << row.ecu.text());
      CHECK(match(m, message(row.app, row.context, row.level, row.ecu)) == row.filters);
    }
}

TEST_CASE("a frame without ids goes to filters for everything of its ECU") {
  Matcher m({filter({}, {}, 1, "ECU1"), filter({"A"}, {})}, "ECU1");
  const std::string bare("\x20\x00\x00\x08\x01\x02\x03\x04", 8);
  CHECK(match(m, bare) == 0b01);
}

TEST_CASE("a filter for what has no level takes frames without ids of its ECU, and wants no level of anybody") {
  Matcher m({filter({}, {}, 0, "ECU2")}, "ECU1");
  CHECK(match(m, std::string("\x24\x00\x00\x0c"
                             "ECU2"
                             "\x01\x02\x03\x04",
                             12)) == 0b1);
  CHECK(match(m, std::string("\x24\x00\x00\x0c"
                             "ECU1"
                             "\x01\x02\x03\x04",
                             12)) == 0);
  CHECK(match(m, std::string("\x20\x00\x00\x08\x01\x02\x03\x04", 8)) == 0);
  for (const auto level : {std::uint8_t{1}, std::uint8_t{4}, std::uint8_t{6}})
    CHECK(match(m, message("NAVI", "ROUT", level, "ECU2")) == 0);
  const Matcher own({filter({}, {}, 0, "ECU1")}, "ECU1");
  CHECK(own.wanted_level("NAVI", "ROUT") == -1);
}

TEST_CASE("a filter that stores nothing takes no messages but sets levels") {
  Filter control = filter({"NAVI"}, {}, 6, "ECU1");
  control.file.clear();
  control.reset_level = 3;
  Matcher m({control}, "ECU1");
  CHECK(match(m, message("NAVI", "ROUT", 1)) == 0);
  CHECK(m.wanted_level("NAVI", "ROUT") == 6);
  CHECK(m.reset_level("NAVI", "ROUT") == 3);
}

TEST_CASE("a context is to have the highest level that a filter wants") {
  Filter reset = filter({"A"}, {"B"}, 5);
  reset.reset_level = 2;
  const Matcher m({filter({"A"}, {}, 3), reset, filter({}, {}, 6, "ECU2")}, "ECU1");
  CHECK(m.wanted_level("A", "B") == 5);
  CHECK(m.wanted_level("A", "C") == 3);
  CHECK(m.wanted_level("X", "Y") == -1);
  CHECK(m.reset_level("A", "B") == 2);
  CHECK_FALSE(m.reset_level("A", "C"));
}

TEST_CASE("many ids do not confuse the table") {
  Matcher m({filter({"A7"}, {})}, "ECU1");
  for (int again = 0; again < 2; ++again)
    for (int i = 0; i < 2000; ++i) {
      const std::string app = "A" + std::to_string(i);
      CHECK(match(m, message(AppId(app), "C", 4)) == (i == 7 ? 1U : 0U));
    }
}
