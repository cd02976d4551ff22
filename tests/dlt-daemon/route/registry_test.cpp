#include "route/registry.hpp"

#include <catch2/catch.hpp>

using namespace dlt;
using namespace dlt::daemon;
namespace local = dlt::proto::local;

namespace {

struct Fixture {
  Registry registry{Defaults{4, 0}};

  void app(SessionId session, AppId id = "APP1") { CHECK_FALSE(registry.add_application({session}, {id, 10, "text"})); }
  auto context(SessionId session, ContextId id, std::int8_t level = -2, std::int8_t trace = -2,
               std::int32_t position = 0, AppId app_id = "APP1") {
    return registry.add_context({session}, {app_id, id, position, level, trace, 10, "words"}).level;
  }
};

}  // namespace

TEST_CASE("a context without a level of its own is told the default, one with its own is told nothing") {
  Fixture f;
  f.app(1);

  const auto told = f.context(1, "CTX1", -2, -2, 7);
  REQUIRE(told);
  CHECK(told->session == 1);
  CHECK(told->message.log_level == 4);
  CHECK(told->message.trace_status == 0);
  CHECK(told->message.position == 7);

  CHECK_FALSE(f.context(1, "CTX2", 3, 0));
}

TEST_CASE("a level reaches every process that has the context") {
  Fixture f;
  f.app(1);
  f.app(2);
  (void)f.context(1, "CTX1", -2, -2, 3);
  (void)f.context(2, "CTX1", -2, -2, 5);

  const auto pushes = f.registry.set("APP1", "CTX1", std::int8_t{6}, std::nullopt);

  REQUIRE(pushes.size() == 2);
  CHECK(pushes[0].message.position == 3);
  CHECK(pushes[1].message.position == 5);
  CHECK(pushes[1].message.log_level == 6);
}

TEST_CASE("a level that a client set is told to the process that registers after it") {
  Fixture f;
  f.app(1);
  (void)f.context(1, "CTX1", 3, 0);
  (void)f.registry.set("APP1", "CTX1", std::int8_t{6}, std::nullopt);

  f.app(2);
  const auto told = f.context(2, "CTX1", 3, 0);

  REQUIRE(told);
  CHECK(told->message.log_level == 6);
}

TEST_CASE("a new default goes to the contexts that follow it") {
  Fixture f;
  f.app(1);
  (void)f.context(1, "CTX1", -1, -1, 0);
  (void)f.context(1, "CTX2", 3, 0, 1);

  const auto pushes = f.registry.set_defaults({5, 1});

  REQUIRE(pushes.size() == 1);
  CHECK(pushes[0].message.position == 0);
  CHECK(pushes[0].message.log_level == 5);
  CHECK(pushes[0].message.trace_status == 1);
}

TEST_CASE("a session can remove only what is its own") {
  Fixture f;
  f.app(1);
  (void)f.context(1, "CTX1");

  CHECK_FALSE(f.registry.remove_context(2, "APP1", "CTX1"));
  CHECK(f.registry.remove_application(2, "APP1").empty());
  CHECK(f.registry.find("APP1", "CTX1") != nullptr);
  CHECK(f.registry.applications().at("APP1").connected());
}

TEST_CASE("when a session ends its contexts go and its counters stay") {
  Fixture f;
  f.app(1);
  (void)f.context(1, "CTX1");
  f.registry.counter("APP1", "CTX1").messages = 42;

  const auto removed = f.registry.remove_session(1);

  REQUIRE(removed.size() == 1);
  CHECK(removed[0].context == ContextId("CTX1"));
  CHECK(f.registry.find("APP1", "CTX1") == nullptr);
  CHECK_FALSE(f.registry.applications().at("APP1").connected());
  CHECK(f.registry.applications().at("APP1").contexts.at("CTX1").received.messages == 42);
}

TEST_CASE("a context stays while another process has it") {
  Fixture f;
  f.app(1);
  f.app(2);
  (void)f.context(1, "CTX1");
  (void)f.context(2, "CTX1");

  CHECK(f.registry.remove_session(1).empty());
  CHECK(f.registry.find("APP1", "CTX1") != nullptr);
}

TEST_CASE("registering the same context again does not double its pushes") {
  Fixture f;
  f.app(1);
  (void)f.context(1, "CTX1");
  (void)f.context(1, "CTX1");
  CHECK(f.registry.set("APP1", "CTX1", std::int8_t{1}, std::nullopt).size() == 1);
  CHECK(f.registry.levels_of(1).size() == 1);
}

TEST_CASE("one process cannot register a context without end") {
  Fixture f;
  f.app(1);
  f.app(2);
  (void)f.context(2, "CTX1", -2, -2, 77);
  for (std::int32_t position = 0; position < 1000; ++position) (void)f.context(1, "CTX1", -2, -2, position);
  CHECK(f.registry.levels_of(1).size() == 16);
  CHECK(f.registry.levels_of(1).back().message.position == 999);
  CHECK(f.registry.levels_of(2).size() == 1);
}

TEST_CASE("the number of contexts is bounded, what is beyond is counted together") {
  Registry registry(Defaults{}, {.applications = 2, .contexts = 3, .departed = 1, .strangers = 0});
  CHECK_FALSE(registry.add_application({1}, {"APP1", 1, ""}));
  Registry::Added added;
  for (int i = 0; i < 5; ++i)
    added = registry.add_context({1}, {"APP1", ContextId(std::string("C") + std::to_string(i)), i, -2, -2, 1, ""});
  CHECK(added.refused == Refusal::contexts);
  CHECK(registry.applications().at("APP1").contexts.size() == 3);
  CHECK(&registry.counter("APP1", "XXX1") == &registry.counter("APP1", "XXX2"));
}

TEST_CASE("applications that have left make room for new ones, connected ones do not") {
  Registry registry(Defaults{}, {.applications = 2, .contexts = 100, .departed = 10});
  CHECK_FALSE(registry.add_application({1}, {"APP1", 1, ""}));
  CHECK_FALSE(registry.add_application({2}, {"APP2", 1, ""}));
  CHECK(registry.add_application({3}, {"APP3", 1, ""}) == Refusal::applications);
  const auto generation = registry.generation();
  (void)registry.remove_session(1);
  CHECK_FALSE(registry.add_application({3}, {"APP3", 1, ""}));
  CHECK(registry.applications().count("APP1") == 0);
  CHECK(registry.generation() != generation);
}

TEST_CASE("the memory of applications that have left is bounded, the oldest is forgotten first") {
  Registry registry(Defaults{}, {.applications = 100, .contexts = 100, .departed = 2});
  for (SessionId s = 1; s <= 4; ++s) {
    (void)registry.add_application({s}, {AppId(std::string("A") + std::to_string(s)), 1, ""});
    (void)registry.remove_session(s);
  }
  CHECK(registry.applications().size() == 2);
  CHECK(registry.applications().count("A4") == 1);
  CHECK(registry.applications().count("A3") == 1);
}

TEST_CASE("losses are kept by cause and unknown causes are ignored") {
  Registry registry{Defaults{}};
  registry.add_loss("APP1", local::LossCause::timed_out, 5);
  registry.add_loss("APP1", local::LossCause::timed_out, 2);
  registry.add_loss("APP1", static_cast<local::LossCause>(200), 2);
  CHECK(registry.applications().at("APP1").lost[2] == 7);
}

TEST_CASE("while an application is connected its id belongs to its user") {
  Registry registry{Defaults{}};
  const Source victim{1, 1000, 10};
  const Source other{2, 2000, 20};
  CHECK(registry.may_use("APP1", other.uid));
  CHECK_FALSE(registry.add_application(victim, {"APP1", 10, ""}));

  CHECK(registry.may_use("APP1", victim.uid));
  CHECK_FALSE(registry.may_use("APP1", other.uid));
  CHECK_FALSE(registry.may_use("APP1", unknown_uid));

  const auto generation = registry.generation();
  (void)registry.remove_session(victim.session);
  CHECK(registry.generation() != generation);
  CHECK(registry.may_use("APP1", other.uid));
}

TEST_CASE("an id of the FIFO belongs to nobody, and a user who registers it ends what the FIFO has of it") {
  Registry registry{Defaults{}};
  const Source old{1, fifo_uid, 10};
  const Source user{2, 1000, 20};
  CHECK_FALSE(registry.add_context(old, {"APP1", "CTX1", 0, -2, -2, 10, ""}).refused);
  CHECK(registry.may_use("APP1", user.uid));
  CHECK(registry.may_use("APP1", fifo_uid));

  const auto generation = registry.generation();
  CHECK_FALSE(registry.add_application(user, {"APP1", 20, ""}));

  CHECK(registry.generation() != generation);
  CHECK_FALSE(registry.may_use("APP1", fifo_uid));
  CHECK(registry.find("APP1", "CTX1") == nullptr);
  CHECK(registry.applications().at("APP1").sessions == std::vector<SessionId>{2});
  CHECK_FALSE(registry.users().contains(fifo_uid));
  (void)registry.remove_session(old.session);
  CHECK(registry.applications().at("APP1").connected());
  (void)registry.remove_session(user.session);
  CHECK(registry.may_use("APP1", fifo_uid));
}

TEST_CASE("an id of the FIFO is given up also where nothing that has left is remembered") {
  Registry registry(Defaults{}, {.departed = 0});
  CHECK_FALSE(registry.add_application({1, fifo_uid, 10}, {"APP1", 10, ""}));
  CHECK_FALSE(registry.add_application({2, 1000, 20}, {"APP1", 20, ""}));
  CHECK(registry.applications().at("APP1").owner == 1000);
}

TEST_CASE("among processes of the FIFO the level that the last one has chosen counts") {
  Registry registry{Defaults{}};
  (void)registry.add_context({1, fifo_uid, 10}, {"APP1", "CTX1", 0, 2, 1, 10, ""});
  (void)registry.add_context({2, fifo_uid, 11}, {"APP1", "CTX1", 0, 5, 0, 11, ""});
  CHECK(registry.find("APP1", "CTX1")->level == 5);
  CHECK(registry.find("APP1", "CTX1")->trace == 0);

  const auto told = registry.add_context({3, fifo_uid, 12}, {"APP1", "CTX1", 4, -2, -2, 12, ""}).level;
  REQUIRE(told);
  CHECK(told->message.log_level == 5);
}

TEST_CASE("registering a context claims the id of its application as well") {
  Registry registry{Defaults{}};
  CHECK_FALSE(registry.add_context({1, 1000, 10}, {"APP1", "CTX1", 0, -2, -2, 10, ""}).refused);
  CHECK_FALSE(registry.may_use("APP1", 2000));
  CHECK(registry.applications().at("APP1").connected());
}

TEST_CASE("a reserved id belongs to its user before anybody is connected, shared ids belong to nobody") {
  Registry registry(Defaults{}, {.reserved = {{"SYS", 0}}});
  CHECK(registry.may_use("SYS", 0));
  CHECK_FALSE(registry.may_use("SYS", 1000));

  registry.set_limits({.shared_ids = true, .reserved = {{"SYS", 0}}});
  CHECK(registry.may_use("SYS", 1000));
}

TEST_CASE("frames without ids belong to nobody, whoever registers an empty id") {
  Registry registry{Defaults{}};
  (void)registry.add_application({1, 1000, 10}, {"", 10, ""});
  CHECK(registry.may_use("", 2000));
}

TEST_CASE("one user cannot use up what there is, and gets it back when applications leave") {
  Registry registry(Defaults{}, {.applications_per_user = 2, .contexts_per_user = 3});
  const auto app = [&](SessionId s, Uid uid) {
    return registry.add_application({s, uid, 1}, {AppId("A" + std::to_string(s)), 1, ""});
  };
  const auto context = [&](SessionId s, Uid uid, int i) {
    return registry
        .add_context({s, uid, 1},
                     {AppId("A" + std::to_string(s)), ContextId("C" + std::to_string(i)), i, -2, -2, 1, ""})
        .refused;
  };
  CHECK_FALSE(app(1, 1000));
  CHECK_FALSE(app(2, 1000));
  CHECK(app(3, 1000) == Refusal::applications_per_user);
  CHECK_FALSE(app(4, 2000));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(context(1, 1000, i));
  CHECK(context(2, 1000, 0) == Refusal::contexts_per_user);
  CHECK_FALSE(context(1, 1000, 2));  // again
  CHECK_FALSE(context(4, 2000, 0));
  CHECK(registry.users().at(1000).applications == 2);
  CHECK(registry.users().at(1000).contexts == 3);

  (void)registry.remove_session(1);

  CHECK(registry.users().at(1000).contexts == 0);
  CHECK_FALSE(app(3, 1000));
  CHECK_FALSE(context(2, 1000, 0));
  CHECK(app(1, 1000) == Refusal::applications_per_user);
  (void)registry.remove_session(2);
  CHECK_FALSE(app(1, 1000));  // with the three that it had
  CHECK(registry.users().at(1000).contexts == 3);
}

TEST_CASE("who sends without registering cannot take room from those who register") {
  Registry registry(Defaults{}, {.applications = 4, .contexts = 10, .strangers = 3});
  for (int i = 0; i < 100; ++i)
    (void)registry.counter(AppId("X" + std::to_string(i % 10)), ContextId("C" + std::to_string(i)));
  for (int a = 0; a < 4; ++a) {
    const AppId id("A" + std::to_string(a));
    CHECK_FALSE(registry.add_application({SessionId(a + 1)}, {id, 1, ""}));
    CHECK_FALSE(registry.add_context({SessionId(a + 1)}, {id, "CTX1", 0, -2, -2, 1, ""}).refused);
  }
  CHECK(registry.applications().size() == 4);
}

TEST_CASE("a context that sent before it was registered keeps its count") {
  Registry registry{Defaults{}};
  registry.counter("APP1", "CTX1").messages = 5;
  CHECK_FALSE(registry.add_context({1}, {"APP1", "CTX1", 0, -2, -2, 1, ""}).refused);
  CHECK(registry.counter("APP1", "CTX1").messages == 5);
  CHECK(registry.applications().at("APP1").strangers == 0);
}

TEST_CASE("contexts of applications that have left make room for new ones") {
  Registry registry(Defaults{}, {.contexts = 4});
  for (SessionId s = 1; s <= 5; ++s) {
    for (int i = 0; i < 4; ++i)
      CHECK_FALSE(
          registry
              .add_context({s}, {AppId("A" + std::to_string(s)), ContextId("C" + std::to_string(i)), i, -2, -2, 1, ""})
              .refused);
    (void)registry.remove_session(s);
  }
}

TEST_CASE("a floor raises levels, now and of contexts to come, and leaves what was there when it goes") {
  Fixture f;
  f.app(1);
  (void)f.context(1, "CTX1", 3, 0, 1);
  (void)f.context(1, "CTX2", 6, 0, 2);
  const auto floor = [](AppId, ContextId) { return std::int8_t{5}; };

  const auto raised = f.registry.set_floor(floor, true);
  REQUIRE(raised.size() == 2);
  CHECK(raised[0].message.log_level == 5);
  CHECK(raised[1].message.log_level == 6);
  CHECK(f.registry.find("APP1", "CTX1")->level == 3);  // as clients are shown it
  const auto told = f.context(1, "CTX3", 4, 0, 3);
  REQUIRE(told);
  CHECK(told->message.log_level == 5);
  CHECK(f.registry.set("APP1", "CTX1", std::int8_t{2}, std::nullopt).at(0).message.log_level == 5);

  const auto lowered = f.registry.set_floor({}, true);
  REQUIRE(lowered.size() == 3);
  CHECK(lowered[0].message.log_level == 2);
  CHECK(lowered[2].message.log_level == 4);
}

TEST_CASE("a floor that is not kept ends where a client sets a level; forced levels are stronger than any") {
  Fixture f;
  f.app(1);
  (void)f.context(1, "CTX1", 3, 0);
  const auto floor = [](AppId, ContextId) { return std::int8_t{6}; };
  (void)f.registry.set_floor(floor, false);
  CHECK(f.registry.set("APP1", "CTX1", std::int8_t{2}, std::nullopt).at(0).message.log_level == 2);

  (void)f.registry.set_floor({}, true);
  (void)f.registry.set_floor(floor, true);
  CHECK(f.registry.set_forced(true).at(0).message.log_level == 4);
}
