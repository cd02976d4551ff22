// Sessions of forked children.
#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <optional>

#include "dlt/dlt.hpp"
#include "support/fake_daemon.hpp"
#include "support/isolated.hpp"
#include "support/logged.hpp"
#include "support/started.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

TEST_CASE("a forked child logs under its own registration, and the parent goes on") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          auto session = started(options_for(dir));
          Context c{"CTX1"};
          DLT_INFO(c, "{}", number(1));
          expect(session.flush(30s) && daemon.sees_frames(1), "parent");

          const pid_t child = fork();
          if (child == 0) {
            DLT_INFO(c, "{}", number(2));
            ::_exit(session.flush(30s) && session.stats().closes() ? 0 : 1);
          }
          int status = -1;
          waitpid(child, &status, 0);
          expect(status == 0, "the child flushed");
          DLT_INFO(c, "{}", number(3));
          expect(session.flush(30s) && daemon.sees_frames(3), "parent again");

          // Parent and child have a connection each: which one the daemon reads first is not theirs to say.
          const auto frames = daemon.frames();
          const auto numbers = first_numbers(frames);
          std::string seen;
          std::vector<std::uint32_t> sessions(4);
          for (std::size_t i = 0; i < frames.size(); ++i) {
            seen += " " + std::to_string(numbers[i]);
            if (numbers[i] < 4) sessions[numbers[i]] = proto::MessageView::parse(frames[i])->standard().session;
          }
          auto sorted = numbers;
          std::sort(sorted.begin(), sorted.end());
          expect(sorted == std::vector<std::uint64_t>{1, 2, 3}, "one each, got" + seen);
          expect_equal(sessions[1], static_cast<std::uint32_t>(getpid()), "parent's pid");
          expect_equal(sessions[2], static_cast<std::uint32_t>(child), "child's pid");
          expect_equal(sessions[3], static_cast<std::uint32_t>(getpid()), "parent's pid again");
        }) == "");
}

TEST_CASE("a process that is forked while another thread of a forked child logs its first message logs, too") {
  CHECK(isolated([] {
          TempDir dir;
          auto session = started(options_for(dir));
          Context c{"CTX1"};
          for (int round = 0; round < 20; ++round) {
            const pid_t child = fork();
            if (child == 0) {
              std::atomic<bool> logged{false};
              std::thread first([&] { DLT_INFO(c, "the child"), logged = true; });
              int lost = 0;
              for (bool last = false; !last;) {
                last = logged;
                const pid_t grandchild = fork();
                if (grandchild == 0) ::_exit(DLT_INFO(c, "the grandchild") ? 0 : 1);
                int status = -1;
                waitpid(grandchild, &status, 0);
                lost += status == 0 ? 0 : 1;
              }
              first.join();
              ::_exit(lost == 0 ? 0 : 1);
            }
            int status = -1;
            waitpid(child, &status, 0);
            expect_equal(status, 0, "all logged, round " + std::to_string(round));
          }
        }) == "");
}
