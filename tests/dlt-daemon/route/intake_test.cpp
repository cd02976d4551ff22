#include "route/intake.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/wire.hpp"
#include "dlt/proto/message.hpp"
#include "dlt/proto/text.hpp"
#include "route/repetition_note.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using namespace std::chrono_literals;
using Verdict = Intake::Verdict;

namespace {

const Clock::time_point start{1h};

struct Fixture {
  Intake intake;
  Clock::time_point now = start;

  explicit Fixture(Intake::Options options) { intake.set_options(std::move(options)); }
  Intake::Judgement judge(const std::string& f) { return intake.judge(proto::as_bytes(f), frame_headers, {4, 0}, now); }
  Verdict verdict(const std::string& f) { return judge(f).verdict; }
};

std::string with_msin(std::uint8_t msin) {
  auto f = frame(1);
  f[16] = static_cast<char>(msin);
  return f;
}

// 30 bytes and `extra`.
std::string of(const char* app, std::uint32_t number = 0, std::size_t extra = 70) { return frame(number, extra, app); }

}  // namespace

TEST_CASE("an intake that is asked for nothing is not active") {
  Fixture f({});
  CHECK_FALSE(f.intake.active());
  CHECK(f.verdict(frame(1)) == Verdict::pass);
  CHECK(f.intake.take_due().empty());
}

TEST_CASE("forced levels let through what is at most the default, and no trace that is off") {
  Fixture f({.forced = true});
  for (int level = 1; level <= 6; ++level)
    CHECK((f.verdict(with_msin(static_cast<std::uint8_t>(level << 4 | 1))) == Verdict::pass) == (level <= 4));
  CHECK(f.verdict(with_msin(0x13)) == Verdict::above_level);  // application trace
  CHECK(f.verdict(with_msin(0x15)) == Verdict::above_level);  // network trace
  CHECK(f.verdict(with_msin(0x26)) == Verdict::pass);         // control
  CHECK(f.intake.judge(proto::as_bytes(with_msin(0x15)), frame_headers, {4, 1}, start).verdict == Verdict::pass);
  CHECK(f.intake.above_level() == 4);

  auto without_ids = frame(1);
  without_ids[0] = 0x3c;
  CHECK(f.intake.judge(proto::as_bytes(without_ids), 16, {0, 0}, start).verdict == Verdict::pass);
}

TEST_CASE("an application over its quota loses what is beyond, and nobody else does") {
  Fixture f({.quotas = {{AppId("SPAM"), {1000, 500}}}});
  std::uint64_t passed = 0;
  for (int i = 0; i < 100; ++i) {
    passed += f.verdict(of("SPAM")) == Verdict::pass ? 1U : 0U;
    CHECK(f.verdict(of("CALM")) == Verdict::pass);
  }
  CHECK(passed == 5);

  const auto due = f.intake.take_due();
  REQUIRE(due.size() == 1);
  CHECK(due[0].app == AppId("SPAM"));
  CHECK(due[0].over_quota == 95);
  CHECK(f.intake.over_quota() == 95);
  CHECK(f.intake.take_due().empty());

  f.now += 200ms;  // 200 bytes more
  CHECK(f.verdict(of("SPAM")) == Verdict::pass);
  CHECK(f.verdict(of("SPAM")) == Verdict::pass);
  CHECK(f.verdict(of("SPAM")) == Verdict::over_quota);
}

TEST_CASE("a quota for the others is one for each of them, and named ones do not share it") {
  Fixture f({.quotas = {{AppId{}, {100, 100}}, {AppId("BIG"), {10'000, 10'000}}}});
  for (const char* app : {"ONE", "TWO"}) {
    CHECK(f.verdict(of(app)) == Verdict::pass);
    CHECK(f.verdict(of(app)) == Verdict::over_quota);
  }
  for (int i = 0; i < 50; ++i) CHECK(f.verdict(of("BIG")) == Verdict::pass);
  CHECK(f.intake.take_due().size() == 2);
}

TEST_CASE("what is larger than a burst passes when there is something left") {
  Fixture f({.quotas = {{AppId("APP"), {100, 100}}}});
  CHECK(f.verdict(of("APP", 0, 10'000)) == Verdict::pass);
  f.now += 10s;
  CHECK(f.verdict(of("APP")) == Verdict::over_quota);
  f.now += 100s;
  CHECK(f.verdict(of("APP")) == Verdict::pass);
}

TEST_CASE("no number of applications makes the table of quotas grow without end") {
  Fixture f({.quotas = {{AppId{}, {100, 100}}}});
  for (std::uint32_t i = 0; i < 5000; ++i) {
    auto message = of("AAAA");
    std::memcpy(message.data() + 18, &i, 4);
    (void)f.verdict(message);
    (void)f.verdict(message);
  }
  CHECK(f.intake.take_due().size() <= Intake::max_applications + 1);
}

TEST_CASE("a message that says the same as the one before it in its context is a repetition") {
  Fixture f({.suppress_repetitions = true});
  CHECK(f.verdict(frame(7)) == Verdict::pass);
  auto again = frame(7);
  again[1] = 99;  // the counter
  again[15] = 1;  // the time
  CHECK(f.verdict(again) == Verdict::repetition);
  CHECK(f.verdict(frame(7, 0, "APP1", "OTHR")) == Verdict::pass);
  CHECK(f.verdict(frame(7)) == Verdict::repetition);
  CHECK(f.verdict(frame(7, 1)) == Verdict::pass);
  CHECK(f.verdict(with_msin(0x31)) == Verdict::pass);
  CHECK(f.intake.repetitions() == 2);
}

TEST_CASE("repetitions are announced before the next message, or when they are due, once") {
  Fixture f({.suppress_repetitions = true});
  (void)f.judge(frame(7));
  for (int i = 0; i < 5; ++i) (void)f.judge(frame(7));
  const auto next = f.judge(frame(8));
  CHECK(next.verdict == Verdict::pass);
  CHECK(next.repetitions == 5);
  CHECK(f.judge(frame(9)).repetitions == 0);

  (void)f.judge(frame(9));
  const auto due = f.intake.take_due();
  REQUIRE(due.size() == 1);
  CHECK(due[0].app == AppId("APP1"));
  CHECK(due[0].context == ContextId("CTX1"));
  CHECK(due[0].repetitions == 1);
  CHECK(f.intake.take_due().empty());
  CHECK(f.verdict(frame(9)) == Verdict::repetition);  // the run goes on
}

TEST_CASE("long messages are never repetitions, and end a run") {
  Fixture f({.suppress_repetitions = true});
  const auto longer = frame(1, Intake::longest_compared);
  (void)f.judge(frame(1));
  (void)f.judge(frame(1));
  CHECK(f.judge(longer).repetitions == 1);
  CHECK(f.verdict(longer) == Verdict::pass);
  CHECK(f.verdict(frame(1)) == Verdict::pass);
}

TEST_CASE("after repetitions were let through for a while, the first message of a context is none") {
  Fixture f({.suppress_repetitions = true});
  (void)f.judge(frame(7));
  (void)f.judge(frame(7));
  f.intake.set_options({});
  CHECK(f.verdict(frame(8)) == Verdict::pass);
  f.intake.set_options({.suppress_repetitions = true});
  const auto first = f.judge(frame(7));
  CHECK(first.verdict == Verdict::pass);
  CHECK(first.repetitions == 1);  // of before
}

TEST_CASE("contexts beyond the limit are not compared") {
  Fixture f({.suppress_repetitions = true});
  for (std::uint32_t i = 0; i < Intake::max_contexts + 10; ++i) {
    auto message = frame(1);
    std::memcpy(message.data() + 22, &i, 4);
    CHECK(f.verdict(message) == Verdict::pass);
    CHECK((f.verdict(message) == Verdict::repetition) == (i < Intake::max_contexts));
  }
}

TEST_CASE("the note says how often, in the context's own name") {
  const auto note = repetition_note("BOX", "APP1", "CTX1", 37, 5);
  const auto m = proto::MessageView::parse(note);
  REQUIRE(m);
  CHECK(m->standard().length == note.size());
  CHECK(m->standard().ecu == EcuId("BOX"));
  CHECK(m->extended().app == AppId("APP1"));
  CHECK(m->extended().context == ContextId("CTX1"));
  CHECK(m->level() == Level::info);
  std::string text;
  proto::append_payload(text, *m);
  CHECK(text == "the message before came 37 times more");
}

TEST_CASE("a named quota holds however many other applications there are") {
  Fixture f({.quotas = {{AppId{}, {100, 100}}, {AppId("BIG"), {10'000, 10'000}}}});
  for (std::uint32_t i = 1; i <= Intake::max_applications; ++i) {
    auto message = of("AAAA");
    std::memcpy(message.data() + 18, &i, 4);
    (void)f.verdict(message);
  }
  for (int i = 0; i < 50; ++i) CHECK(f.verdict(of("BIG")) == Verdict::pass);
  CHECK(f.verdict(of("ONE")) == Verdict::pass);
  CHECK(f.verdict(of("ONE")) == Verdict::over_quota);
}
