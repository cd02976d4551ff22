#include "route/stored_levels.hpp"

#include <catch2/catch.hpp>

#include "route/registry.hpp"

using namespace dlt;
using namespace dlt::daemon;
namespace local = dlt::proto::local;

namespace {

// What COVESA 2.18.8 wrote for four contexts.
constexpr std::string_view foreign = "GOLD:CTX1:5:-1:ctx:\nGOLD:CTX2:6:0:ctx:\nGOLD:CTX3:3:-1::\nOTH:C:-1:1:a:b:\n";

local::RegisterContext context(const char* app, const char* id, std::int8_t level = -2, std::int8_t trace = -2) {
  local::RegisterContext m;
  m.app = AppId(app);
  m.context = ContextId(id);
  m.log_level = level;
  m.trace_status = trace;
  m.description = "described";
  return m;
}

}  // namespace

TEST_CASE("the incumbent's file of levels is read") {
  const auto levels = parse_levels(foreign, 100);

  REQUIRE(levels.size() == 4);
  CHECK(levels.at({AppId("GOLD"), ContextId("CTX1")}) == StoredLevel{5, -1, "ctx"});
  CHECK(levels.at({AppId("GOLD"), ContextId("CTX2")}) == StoredLevel{6, 0, "ctx"});
  CHECK(levels.at({AppId("GOLD"), ContextId("CTX3")}) == StoredLevel{3, -1, ""});
  CHECK(levels.at({AppId("OTH"), ContextId("C")}) == StoredLevel{-1, 1, "a:b"});
  CHECK(context_file(levels) == foreign);
}

TEST_CASE("lines that make no sense are passed over, and no more than the limit is read") {
  CHECK(parse_levels("", 9).empty());
  CHECK(parse_levels("\n\n:::::\nA\nA:B\nA:B:1\nA:B:7:0:x:\nA:B:-2:0:x:\nA:B:1:2:x:\nA:B:x:0:x:\nTOOLONG:B:1:0:x:\n"
                     "A:TOOLONG:1:0:x:\nA:B:1 :0:x:\n",
                     9)
            .empty());
  CHECK(parse_levels("rubbish\nA:B:1:0:\n", 9).size() == 1);
  CHECK(parse_levels("A:B:1:0:", 9).at({AppId("A"), ContextId("B")}) == StoredLevel{1, 0, ""});
  CHECK(parse_levels("A:A:1:0::\nA:B:1:0::\nA:C:1:0::\n", 2).size() == 2);
  for (std::size_t n = 0; n <= foreign.size(); ++n) CHECK(parse_levels(foreign.substr(0, n), 9).size() <= 4);
}

TEST_CASE("what is stored is what was stored before and what is registered now") {
  Registry registry({4, 0});
  registry.set_stored(parse_levels("GONE:C:2:1:gone:\nAPP:CTX:1:0:old:\n", 9));
  local::RegisterApplication app;
  app.app = AppId("APP");
  app.description = "an\napplication";
  REQUIRE_FALSE(registry.add_application({1}, app));
  REQUIRE_FALSE(registry.add_context({1}, context("APP", "CTX")).refused);
  REQUIRE_FALSE(registry.add_context({1}, context("APP", "A:B")).refused);
  (void)registry.set(AppId("APP"), ContextId("CTX"), std::int8_t{6}, std::nullopt);
  (void)registry.counter(AppId("APP"), ContextId("SEEN"));

  const auto levels = levels_to_store(registry);

  CHECK(context_file(levels) == "APP:CTX:6:0:described:\nGONE:C:2:1:gone:\n");
  CHECK(application_file(levels, registry) == "APP:an application:\nGONE::\n");
}

TEST_CASE("a context that registers gets what is stored, whatever it asks for, and is told") {
  Registry registry({4, 0});
  registry.set_stored(parse_levels(foreign, 9));

  const auto asks_for_nothing = registry.add_context({1}, context("GOLD", "CTX1"));
  const auto asks_for_another = registry.add_context({1}, context("GOLD", "CTX2", 3, 0));
  const auto asks_for_the_same = registry.add_context({1}, context("OTH", "C", 4, 1));
  const auto not_stored = registry.add_context({1}, context("GOLD", "NEW", 3, 0));

  REQUIRE(asks_for_nothing.level);
  CHECK(asks_for_nothing.level->message.log_level == 5);
  REQUIRE(asks_for_another.level);
  CHECK(asks_for_another.level->message.log_level == 6);
  CHECK_FALSE(asks_for_the_same.level);
  CHECK_FALSE(not_stored.level);
}

TEST_CASE("forced levels are the highest that an application is told, of log and of trace") {
  Registry registry({4, 0});
  (void)registry.add_context({1}, context("APP", "LOUD", 6, 1));
  (void)registry.add_context({1}, context("APP", "QUIE", 2, 0));

  const auto capped = registry.set_forced(true);

  REQUIRE(capped.size() == 2);
  CHECK(capped[0].message.log_level == 4);
  CHECK(capped[0].message.trace_status == 0);
  CHECK(capped[1].message.log_level == 2);
  const auto asked = registry.set(AppId("APP"), ContextId("QUIE"), std::int8_t{6}, std::int8_t{1});
  CHECK(asked.at(0).message.log_level == 4);
  CHECK(asked.at(0).message.trace_status == 0);
  const auto raised = registry.set_defaults({5, 1});
  REQUIRE(raised.size() == 2);
  CHECK(raised[0].message.log_level == 5);
  CHECK(raised[0].message.trace_status == 1);
  CHECK(registry.set_forced(false).at(0).message.log_level == 6);
  CHECK(registry.set_forced(false).empty());
}
