#include "dlt/spdlog_sink.hpp"

#include <catch2/catch.hpp>

#include <thread>

#include "libdlt-user/support/logged.hpp"
#include "libdlt-user/support/with_daemon.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

ContextId context_of(const std::vector<std::byte>& frame) {
  return proto::MessageView::parse(frame)->extended().context;
}

}  // namespace

TEST_CASE("what a spdlog logger says arrives in its context, level by level, without spdlog's pattern") {
  CHECK(isolated([] {
          with_daemon(
              [](Session& session, FakeDaemon& daemon, Context&) {
                const auto logger = spdlog_logger("SPDL", "of spdlog");
                expect(daemon.sees("context SPDL -2"), "registered");

                logger->trace("leg {} of {}", 3, 7);
                logger->debug("two");
                logger->info("three");
                logger->warn("");
                logger->error("five");
                logger->critical("six");

                expect(session.flush(30s) && daemon.sees_frames(6), "six messages");
                const std::vector<std::string> texts{"leg 3 of 7", "two", "three", "", "five", "six"};
                const std::vector<int> levels{6, 5, 4, 3, 2, 1};
                // Urgent ones may be sent before others: in the order of their levels there.
                std::vector<std::string> got(7);
                for (const auto& frame : daemon.frames()) {
                  const auto message = proto::MessageView::parse(frame);
                  expect(message.has_value() && context_of(frame) == ContextId("SPDL"), "context");
                  got[static_cast<std::size_t>(message->level().value())] = payload_of(frame);
                }
                for (std::size_t i = 0; i < texts.size(); ++i)
                  expect(got[static_cast<std::size_t>(levels[i])] == texts[i], "text " + std::to_string(i));
              },
              {.level = Level::verbose});
        }) == "");
}

TEST_CASE("the level of a spdlog logger follows its context's, also when it was made before the start") {
  CHECK(isolated([] {
          const auto early = spdlog_logger("EARL");
          expect(early->level() == spdlog::level::trace, "lets all come before the start");
          early->critical("before the start");
          with_daemon([&](Session& session, FakeDaemon& daemon, Context&) {
            const auto logger = spdlog_logger("SPDL");
            expect(logger->level() == spdlog::level::info, "the default level");
            expect(daemon.sees("context SPDL -2") && daemon.sees("context EARL -2"), "registered");
            early->debug("not at this level");

            for (std::int32_t position = 0; position < 3; ++position)
              daemon.send(proto::local::LogLevel{5, 0, position});

            expect(eventually([&] { return logger->level() == spdlog::level::debug; }), "follows");
            expect(eventually([&] { return early->level() == spdlog::level::debug; }), "the early one too");
            logger->debug("now");
            expect(session.flush(30s) && daemon.sees_frames(1), "arrives");
            expect(payload_of(daemon.frames()[0]) == "now", "only that");
          });
        }) == "");
}

TEST_CASE("a spdlog sink shows the pattern only when it was told to, and many threads may share it") {
  CHECK(isolated([] {
          with_daemon([](Session& session, FakeDaemon& daemon, Context&) {
            const auto plain = std::make_shared<spdlog_sink>("PLAI");
            const auto formatted = std::make_shared<spdlog_sink>("FORM", "with a pattern", true);
            spdlog::logger logger("both", {plain, formatted});
            logger.set_pattern("<%n> %v");
            std::vector<std::thread> threads;
            for (int t = 0; t < 4; ++t)
              threads.emplace_back([&] {
                for (int i = 0; i < 100; ++i) logger.info("text");
              });
            for (auto& t : threads) t.join();

            expect(session.flush(30s) && daemon.sees_frames(800), "each message twice");
            int wrong = 0;
            for (const auto& frame : daemon.frames()) {
              wrong += payload_of(frame) == (context_of(frame) == ContextId("PLAI") ? "text" : "<both> text") ? 0 : 1;
            }
            expect(wrong == 0, std::to_string(wrong) + " wrong");
          });
        }) == "");
}
