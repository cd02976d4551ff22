#include "dlt/log.hpp"

#include <catch2/catch.hpp>
#include <csignal>

#include "dlt/dlt.hpp"
#include "support/logged.hpp"
#include "support/temp_dir.hpp"
#include "support/with_daemon.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

struct Position {
  double lat;
  double lon;
};
struct Chatty {  // logs while it is logged
  Context* context;
};
struct Long {
  std::size_t arguments;
};
struct Leg {  // a structured value that holds another one
  std::string_view road;
  double km;
};
struct Route {
  Leg first;
  int legs;
};
enum class Gear : std::uint8_t { reverse = 7 };

}  // namespace

template <>
struct dlt::Encoder<Position> {
  static void encode(ArgumentWriter& out, const Position& p) noexcept { out.number(p.lat), out.number(p.lon); }
};
template <>
struct dlt::Encoder<Leg> {
  static void encode(ArgumentWriter& out, const Leg& l) noexcept {
    out.value(kv("road", l.road)), out.value(kv("km", l.km));
  }
};
template <>
struct dlt::Encoder<Route> {
  static void encode(ArgumentWriter& out, const Route& r) noexcept {
    out.value(kv("first", r.first)), out.value(kv("legs", r.legs));
  }
};
template <>
struct dlt::Encoder<Chatty> {
  static void encode(ArgumentWriter& out, const Chatty& c) noexcept {
    DLT_INFO(*c.context, "inside");
    out.text("outside");
  }
};
template <>
struct dlt::Encoder<Long> {
  static void encode(ArgumentWriter& out, const Long& l) noexcept {
    for (std::size_t i = 0; i < l.arguments; ++i) out.value(static_cast<std::uint32_t>(i));
  }
};

namespace {

void expect_payload(FakeDaemon& daemon, Session& session, std::size_t index, const std::string& wanted) {
  expect(session.flush(30s) && daemon.sees_frames(index + 1), "frame " + std::to_string(index));
  const std::string got = payload_of(daemon.frames()[index]);
  expect(got == wanted, "got '" + got + "', wanted '" + wanted + "'");
}

}  // namespace

TEST_CASE("every loggable type arrives as what it is") {
  CHECK(isolated([] {
          with_daemon([](Session& s, FakeDaemon& d, Context& c) {
            const std::string owned = "string";
            const std::array<std::byte, 3> raw{std::byte{1}, std::byte{0xab}, std::byte{3}};
            std::size_t n = 0;
            DLT_INFO(c, "{} {} {}", true, false, 'x');
            expect_payload(d, s, n++, "1 0 x");
            DLT_INFO(c, "{}{}{}{}", std::int8_t{-8}, std::int16_t{-16}, std::int32_t{-32}, std::int64_t{-64});
            expect_payload(d, s, n++, "-8 -16 -32 -64");
            DLT_INFO(c, "{}{}{}{}", std::uint8_t{8}, std::uint16_t{16}, std::uint32_t{32}, ~std::uint64_t{0});
            expect_payload(d, s, n++, "8 16 32 18446744073709551615");
            DLT_INFO(c, "{}{}", 1.5F, 2.25);
            expect_payload(d, s, n++, "1.5 2.25");
            DLT_INFO(c, "{}{}{}", owned, std::string_view("view"), "literal");
            expect_payload(d, s, n++, "string view literal");
            DLT_INFO(c, "{}", static_cast<const char*>(nullptr));
            expect_payload(d, s, n++, "(null)");
            DLT_INFO(c, "{}{}", Gear::reverse, Position{1.5, -2.5});
            expect_payload(d, s, n++, "7 1.5 -2.5");
            DLT_INFO(c, "{}", std::span<const std::byte>(raw));
            expect_payload(d, s, n++, "01'ab'03");
            DLT_INFO(c, "waited {}", 13ms);
            expect_payload(d, s, n++, "waited 13 ms");
            DLT_INFO(c, "detour", kv("reason", owned), kv("km", 12));
            expect_payload(d, s, n++, "detour reason= string km= 12");
            DLT_INFO(c, "on", kv("leg", Leg{"A7", 1.5}));
            expect_payload(d, s, n++, "on leg= leg.road= A7 leg.km= 1.5");
            DLT_INFO(c, "on", kv("route", Route{{"A7", 1.5}, 3}), kv("last", true));
            expect_payload(d, s, n++,
                           "on route= route.first= route.first.road= A7 route.first.km= 1.5 route.legs= 3 last= 1");
            DLT_INFO(c, "{}", Leg{"A7", 1.5});  // without a key of its own
            expect_payload(d, s, n++, "road= A7 km= 1.5");
            DLT_INFO(c, "leg {} of {} planned", 1, 2);
            expect_payload(d, s, n++, "leg 1 of 2 planned");
            DLT_INFO(c, "{}", std::string(100, 'a') + std::string(20, 'b'));
            expect_payload(d, s, n++, std::string(100, 'a') + std::string(20, 'b'));
            DLT_INFO(c, "a  {}  b", 1);  // one blank is the viewer's, the other one stays
            expect_payload(d, s, n++, "a  1  b");
            DLT_INFO(c, "{ \"json\": 1 }");
            expect_payload(d, s, n++, "{ \"json\": 1 }");
            dlt::log(c, Level::warn, "{}", 5);
            expect_payload(d, s, n++, "5");
          });
        }) == "");
}

TEST_CASE("texts of every length arrive whole") {
  CHECK(isolated([] {
          Options o;
          o.buffer.mode = OverflowMode::block;
          o.buffer.timeout = 60s;
          with_daemon(
              [](Session& s, FakeDaemon& d, Context& c) {
                std::string text;
                for (std::size_t n = 0; n < 1200; ++n) {
                  DLT_INFO(c, "{}", text);
                  text += static_cast<char>('a' + n % 26);
                }
                expect(s.flush(30s) && d.sees_frames(1200), "frames");
                const auto frames = d.frames();
                for (std::size_t n = 0; n < 1200; ++n)
                  expect(payload_of(frames[n]) == text.substr(0, n), "text of " + std::to_string(n));
              },
              o);
        }) == "");
}

TEST_CASE("the headers say who, when and how important, and the counter rises by one") {
  CHECK(isolated([] {
          with_daemon([](Session& s, FakeDaemon& d, Context& c) {
            timespec before{};
            clock_gettime(CLOCK_MONOTONIC, &before);
            dlt::fatal(c, "{}", 0U);
            expect(s.flush(30s), "flush");
            dlt::error(c, "{}", 1U);
            expect(s.flush(30s), "flush");
            dlt::warn(c, "{}", 2U);
            expect(s.flush(30s), "flush");
            dlt::info(c, "{}", 3U);
            expect(s.flush(30s) && d.sees_frames(4), "frames");
            timespec after{};
            clock_gettime(CLOCK_MONOTONIC, &after);
            const auto units = [](const timespec& t) { return t.tv_sec * 10'000 + t.tv_nsec / 100'000; };
            std::uint8_t i = 0;
            for (const auto& f : d.frames()) {
              const auto m = *proto::MessageView::parse(f);
              expect(m.standard().ecu == EcuId("TEST"), "the daemon's ECU id");
              expect(m.extended().app == AppId("APP1") && m.extended().context == ContextId("CTX1"), "ids");
              expect_equal(m.standard().session, static_cast<std::uint32_t>(getpid()), "pid");
              expect_equal(m.standard().counter, i, "counter");
              expect(m.level() == static_cast<Level>(i + 1), "level");
              expect_equal(m.extended().argument_count, std::uint8_t{1}, "arguments");
              expect(m.standard().timestamp + 2 >= units(before) && m.standard().timestamp <= units(after) + 2,
                     "stamp");
              ++i;
            }
          });
        }) == "");
}

TEST_CASE("text that is too long is cut and marked, the message stays within its limit") {
  CHECK(isolated([] {
          Options o;
          o.max_message = 2000;
          with_daemon(
              [](Session& s, FakeDaemon& d, Context& c) {
                DLT_INFO(c, "{} {}", std::string(5000, 'x'), 42);
                DLT_INFO(c, "{}", std::string(70'000, 'y'));
                DLT_INFO(c, "{}", Long{10'000});
                expect(s.flush(30s) && d.sees_frames(3), "frames");
                const auto frames = d.frames();
                const std::string mark = "... <<Message truncated, too long>>";
                expect_equal(frames[0].size(), 2000U, "size");
                for (const std::size_t i : {0U, 1U}) {
                  const std::string text = payload_of(frames[i]);
                  expect(text.size() > mark.size() && text.substr(text.size() - mark.size()) == mark, "marked");
                }
                expect(frames[2].size() <= 2000, "many arguments");
                expect_equal(proto::MessageView::parse(frames[2])->extended().argument_count,
                             static_cast<std::uint8_t>((2000 - 26) / 8), "as many as fit");
              },
              o);
        }) == "");
}

TEST_CASE("a log call inside a log call is refused, counted, and leaves a gap in the counter") {
  CHECK(isolated([] {
          with_daemon([](Session& s, FakeDaemon& d, Context& c) {
            DLT_INFO(c, "{}", Chatty{&c});
            expect(s.flush(30s) && d.sees_frames(1), "frames");
            expect(payload_of(d.frames()[0]) == "outside", "the outer message is whole");
            const Stats st = s.stats();
            expect(st.accepted == 2 && st.dropped.nested == 1 && st.closes(), "books");
            expect_equal(proto::MessageView::parse(d.frames()[0])->standard().counter, std::uint8_t{1}, "gap");
          });
        }) == "");
}

namespace {
Context* handler_context = nullptr;
void log_in_handler(int) { DLT_WARN(*handler_context, "in handler"); }
}  // namespace

TEST_CASE("a signal handler may log, also as the first message of its thread") {
  CHECK(isolated([] {
          with_daemon([](Session& s, FakeDaemon& d, Context& c) {
            handler_context = &c;
            std::signal(SIGUSR1, log_in_handler);
            std::raise(SIGUSR1);
            std::raise(SIGUSR1);
            expect(s.flush(30s) && d.sees_frames(2), "frames");
            expect(s.stats().closes(), "books");
          });
        }) == "");
}

TEST_CASE("before start nothing is accepted and nothing happens") {
  CHECK(isolated([] {
          Context c{"CTX1"};
          expect(!DLT_FATAL(c, "x"), "off");
          expect(!dlt::log(c, Level::off, "x") && !dlt::log(c, static_cast<Level>(9), "x"), "no such level");
          std::signal(SIGUSR1, SIG_IGN);
        }) == "");
}

TEST_CASE("DLT_INITIAL_LOG_LEVEL and the program's own level are told to the daemon and hold") {
  CHECK(isolated([] {
          ::setenv("DLT_INITIAL_LOG_LEVEL", "APP1:ENV1:verbose", 1);
          with_daemon([](Session&, FakeDaemon& d, Context&) {
            Context from_environment{"ENV1"};
            Context own{"OWN1", "", Level::error};
            expect(d.sees("context ENV1 6") && d.sees("context OWN1 2"), "told");
            expect(DLT_VERBOSE(from_environment, "x") && !DLT_WARN(own, "x") && DLT_ERROR(own, "x"), "hold");
          });
        }) == "");
}

TEST_CASE("local print writes lines to stdout, and only when asked") {
  TempDir dir;
  const auto printed = [&dir](LocalPrint mode) {
    const std::string file = dir / "out";
    CHECK(isolated([mode, &file] {
            expect(std::freopen(file.c_str(), "w", stdout) != nullptr, "stdout");
            Options o;
            o.local_print = mode;
            with_daemon(
                [](Session& s, FakeDaemon&, Context& c) {
                  DLT_INFO(c, "hello {}", 7);
                  expect(s.flush(30s), "flush");
                },
                o);
            std::fflush(stdout);
          }) == "");
    return read_file(file);
  };
  const std::string on = printed(LocalPrint::on);
  CHECK(on.find("APP1 CTX1 log info V 2 [hello 7]\n") != std::string::npos);
  CHECK(printed(LocalPrint::off).empty());
  CHECK(printed(LocalPrint::automatic).empty());  // a daemon is connected
}
