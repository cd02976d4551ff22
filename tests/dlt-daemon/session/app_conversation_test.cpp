#include "session/app_conversation.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/batches.hpp"
#include "dlt-daemon/support/spans.hpp"
#include "session/read_buffer.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace local = dlt::proto::local;
using Numbers = std::vector<std::uint32_t>;

namespace {

struct Fixture {
  Pool pool;
  Exchange exchange{pool,           Defaults{4, 0}, Control::Options{},
                    Replay::unread, 1 << 20,        Exchange::Options{"ECU7", 3600, 99, "the daemon", true}};
  RecordingSink client;
  ReadBuffer buffer{pool};
  AppConversation app{exchange, {1, 1000, 1234}};
  std::string carried;
  AppConversation::Effects effects;

  Fixture() { (void)exchange.router.add_client(client); }

  void feed(const std::string& bytes) { feed(app, bytes); }
  void feed(AppConversation& to, const std::string& bytes) {
    const auto room = buffer.room(proto::as_bytes(carried));
    std::memcpy(room.begin + room.carried, bytes.data(), bytes.size());
    buffer.received(bytes.size());
    const std::span<std::byte> all(room.begin, room.carried + bytes.size());
    const auto used = to.on_bytes(all, buffer.slab(), {}, effects);
    carried = proto::as_text(all.subspan(used));
  }
};

const std::string three_messages = log(frame(0, 10)) + batch(frame(1, 3) + frame(2)) + log(frame(3));

}  // namespace

TEST_CASE("messages arrive whole and once wherever the reads split them") {
  for (std::size_t cut = 0; cut <= three_messages.size(); ++cut) {
    Fixture f;
    f.feed(three_messages.substr(0, cut));
    f.feed(three_messages.substr(cut));
    CHECK(numbers_in(f.client.spans) == Numbers{0, 1, 2, 3});
    CHECK(f.exchange.registry.counter("APP1", "CTX1").messages == 4);
    CHECK(f.exchange.garbage_bytes == 0);
    CHECK(f.carried.empty());
  }
}

TEST_CASE("messages arrive whole and once byte by byte") {
  Fixture f;
  for (const char c : three_messages) f.feed(std::string(1, c));
  CHECK(numbers_in(f.client.spans) == Numbers{0, 1, 2, 3});
}

TEST_CASE("single messages and small batches become one span") {
  Fixture f;
  std::string bytes;
  Numbers expected;
  for (std::uint32_t i = 0; i < 100; ++i) {
    bytes += i % 10 == 9 ? batch(frame(i, i)) : log(frame(i, i));
    expected.push_back(i);
  }
  f.feed(bytes);
  CHECK(numbers_in(f.client.spans) == expected);
  CHECK(f.client.spans.size() == 1);
  CHECK(f.client.spans[0].frames == 100);
}

TEST_CASE("the frames of a large batch are not moved") {
  Fixture f;
  const std::string large = numbered_batch(1, 200, 70);
  f.feed(log(frame(0)) + large);
  REQUIRE(f.client.spans.size() == 2);
  CHECK(f.client.spans[1].frames == 200);
  CHECK(numbers_in(f.client.spans).size() == 201);
}

TEST_CASE("rubbish between messages is skipped and counted") {
  Fixture f;
  f.feed("rubbish DUH" + three_messages + "\xff\xff" + three_messages);
  CHECK(numbers_in(f.client.spans) == Numbers{0, 1, 2, 3, 0, 1, 2, 3});
  CHECK(f.exchange.garbage_bytes == 13);
}

TEST_CASE("hello is answered with what the library needs to know") {
  Fixture f;
  f.feed(encoded(local::Hello{1, local::capability::all, 5, {}, 0, "an app"}));

  std::size_t used = 0;
  const auto answer = local::decode(f.effects.reply, used);

  REQUIRE(answer);
  const auto& hello = std::get<local::Hello>(*answer);
  CHECK(hello.ecu == EcuId("ECU7"));
  CHECK(hello.utc_offset_s == 3600);
  CHECK(hello.pid == 99);
  CHECK(hello.capabilities == (local::capability::all & ~local::capability::recorder));  // no directory for snapshots
  CHECK(f.app.name() == "an app");
  CHECK(f.app.capabilities() == local::capability::all);
}

TEST_CASE("the kernel's word on the process id counts more than the application's") {
  Fixture f;
  f.feed(encoded(local::RegisterApplication{"APP1", 666, "liar"}));
  CHECK(f.exchange.registry.applications().at("APP1").pid == 1234);
}

TEST_CASE("losses are added up by cause and told to clients as one number") {
  Fixture f;
  std::vector<std::byte> entries(2 * local::Loss::entry_size);
  proto::ByteWriter out(entries);
  local::Loss::put(out, {0, local::LossCause::full, 5});
  local::Loss::put(out, {1, local::LossCause::overwritten, 7});

  f.feed(encoded(local::Loss{"APP1", entries}));

  const auto& entry = f.exchange.registry.applications().at("APP1");
  CHECK(entry.lost[0] == 5);
  CHECK(entry.lost[1] == 7);
  REQUIRE(f.client.spans.size() == 1);
  const auto bytes = f.client.spans[0].bytes();
  CHECK(proto::load_le<std::uint32_t>(bytes.data() + bytes.size() - 4) == 12);
}

TEST_CASE("the last statistics are kept") {
  Fixture f;
  local::Statistics::Entry e;
  e.buffer = 3;
  e.accepted = 100;
  e.delivered = 90;
  std::vector<std::byte> entries(local::Statistics::entry_size);
  proto::ByteWriter out(entries);
  local::Statistics::put(out, e);

  f.feed(encoded(local::Statistics{"APP1", entries}));
  f.feed(encoded(local::Statistics{"APP1", entries}));

  REQUIRE(f.exchange.registry.applications().at("APP1").statistics.size() == 1);
  CHECK(f.exchange.registry.applications().at("APP1").statistics[0].delivered == 90);
}

TEST_CASE("when the connection ends clients are told which contexts went") {
  Fixture f;
  f.feed(registration("APP1", {"CTX1", "CTX2"}));
  f.client.spans.clear();

  f.app.on_closed({});

  CHECK(f.client.spans.size() == 2);
  CHECK_FALSE(f.app.said_bye());
}

TEST_CASE("bye, memfd, recorder, requests for snapshots and messages of the other direction are taken") {
  Fixture f;
  f.feed(encoded(local::Memfd{1, 65536, 1 << 20}) + encoded(local::Recorder{1, 32768, 1 << 22}) +
         encoded(local::SnapshotRequest{7, "why"}) + encoded(local::SnapshotAnswer{7, {}, "no"}) +
         encoded(local::LogState{1}) + encoded(local::LogLevel{1, 1, 1}) + encoded(local::LogMode{3}) +
         encoded(local::SetOverflowMode{}) + encoded(local::Bye{}));
  REQUIRE(f.effects.memfd);
  CHECK(f.effects.memfd->size == 1 << 20);
  REQUIRE(f.effects.recorder);
  CHECK(f.effects.recorder->size == 1 << 22);
  REQUIRE(f.effects.snapshots.size() == 1);
  CHECK((f.effects.snapshots[0].id == 7 && f.effects.snapshots[0].reason == "why"));
  CHECK(f.app.said_bye());
  CHECK(f.exchange.garbage_bytes == 0);
}

TEST_CASE("what another user says in an application's name has no effect and is counted") {
  Fixture f;
  f.exchange.registry.set_defaults({2, 0});
  REQUIRE_FALSE(f.exchange.registry.add_application({77, 555, 1}, {"GOOD", 1, "mine"}));
  REQUIRE_FALSE(f.exchange.registry.add_context({77, 555, 1}, {"GOOD", "CTX1", 0, -2, -2, 1, "mine"}).refused);
  std::vector<std::byte> entries(local::Loss::entry_size);
  proto::ByteWriter out(entries);
  local::Loss::put(out, {0, local::LossCause::full, 12});

  f.feed(encoded(local::RegisterApplication{"GOOD", 1, "taken over"}) +
         encoded(local::RegisterContext{"GOOD", "CTX1", 9, 6, 1, 1, "taken over"}) +
         encoded(local::RegisterContext{"GOOD", "CTX2", 9, 6, 1, 1, "taken over"}) +
         encoded(local::UnregisterContext{"GOOD", "CTX1", 1}) + encoded(local::ApplicationLimits{"GOOD", 0, 0}) +
         encoded(local::Overflow{5, "GOOD"}) + encoded(local::Loss{"GOOD", entries}) +
         encoded(local::UnregisterApplication{"GOOD", 1}));
  f.feed(log(frame(1)) + log(frame(2, 0, "GOOD")) + batch(frame(3) + frame(4, 0, "GOOD") + frame(5)) + log(frame(6)));

  CHECK(numbers_in(f.client.spans) == Numbers{1, 3, 5, 6});
  const auto& good = f.exchange.registry.applications().at("GOOD");
  CHECK(good.description == "mine");
  CHECK(good.sessions == std::vector<SessionId>{77});
  CHECK(good.contexts.size() == 1);
  CHECK(good.contexts.at("CTX1").level == -1);
  CHECK(good.overflow == 0);
  CHECK(good.lost[0] == 0);
  CHECK(f.effects.levels.empty());
  CHECK(f.effects.reply.empty());
  CHECK(f.exchange.refusals.count(Refusal::foreign_id) == 8);
  CHECK(f.exchange.refusals.count(Refusal::foreign_messages) == 2);
}

TEST_CASE("an application that makes room in the middle of a read does not leave its counter behind") {
  Fixture f;
  f.exchange.registry.set_limits({.applications = 1});
  f.feed(log(frame(1, 0, "OLD1")) + encoded(local::RegisterApplication{"NEW1", 1, ""}) + log(frame(2, 0, "OLD1")) +
         log(frame(3, 0, "NEW1")));
  CHECK(numbers_in(f.client.spans) == Numbers{1, 2, 3});
  CHECK(f.exchange.registry.counter("NEW1", "CTX1").messages == 1);
  CHECK(f.exchange.registry.applications().size() == 1);
}

TEST_CASE("rubbish is nothing sensible, a message is") {
  Fixture f;
  f.feed("GET / HTTP/1.1\r\n\r\n");
  CHECK_FALSE(f.app.spoken());
  CHECK(f.app.garbage_bytes() == 18);
  f.feed("DUH");
  CHECK_FALSE(f.app.spoken());
  f.carried.clear();
  f.feed(encoded(local::Bye{}));
  CHECK(f.app.spoken());
}

TEST_CASE("behind the highest number a chunk can have comes number 1, and what is before it comes again") {
  constexpr std::uint32_t last = 0xffffffff;
  const std::string ten = frame(1, 3) + frame(2);
  const auto size = static_cast<std::uint32_t>(ten.size());

  SECTION("number 1 is newer") {
    Fixture f;
    AppConversation next(f.exchange, {2, 1000, 1234});
    next.resume({{}, {last, size}});
    f.feed(next, batch_of(1, last, 0, ten) + batch_of(1, 1, 0, ten) + batch_of(1, 2, 0, ten));
    CHECK(numbers_in(f.client.spans) == Numbers{1, 2, 1, 2});
    CHECK(f.exchange.repeated_messages == 2);
  }
  SECTION("the highest one is older") {
    Fixture f;
    AppConversation next(f.exchange, {2, 1000, 1234});
    next.resume({{}, {2, size}});
    f.feed(next, batch_of(1, last, 0, ten) + batch_of(1, 1, 0, ten) + batch_of(1, 2, 0, ten) + batch_of(1, 3, 0, ten));
    CHECK(numbers_in(f.client.spans) == Numbers{1, 2});
    CHECK(f.exchange.repeated_messages == 6);
  }
  SECTION("of a queue that has sent nothing every number is new") {
    Fixture f;
    AppConversation next(f.exchange, {2, 1000, 1234});
    next.resume({{}, {}});
    f.feed(next, batch_of(1, last, 0, ten));
    CHECK(numbers_in(f.client.spans) == Numbers{1, 2});
  }
  SECTION("what is older than anything that can be under way is newer") {
    Fixture f;
    AppConversation next(f.exchange, {2, 1000, 1234});
    next.resume({{}, {3'000'000'000U, size}});
    f.feed(next, batch_of(1, 2'000'000'000U, 0, ten));
    CHECK(numbers_in(f.client.spans) == Numbers{1, 2});
  }
}

TEST_CASE("what comes again is passed over, wherever the connections before it were cut") {
  const std::string whole = batch_of(1, 1, 0, frame(0, 10) + frame(1, 3) + frame(2) + frame(3, 5));
  for (std::size_t first = 0; first <= whole.size(); ++first)
    for (std::size_t second = 0; second <= whole.size(); ++second) {
      Fixture f;
      f.feed(whole.substr(0, first));
      auto reached = f.app.on_cut().positions;
      for (const std::size_t cut : {second, whole.size()}) {
        f.carried.clear();
        AppConversation next(f.exchange, {2, 1000, 1234});
        next.resume(reached);
        f.feed(next, whole.substr(0, cut));
        reached = next.on_cut().positions;
      }
      CAPTURE(first, second);
      REQUIRE(numbers_in(f.client.spans) == Numbers{0, 1, 2, 3});
      REQUIRE(f.exchange.garbage_bytes == 0);
    }
}
