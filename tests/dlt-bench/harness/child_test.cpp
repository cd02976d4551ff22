#include "harness/child.hpp"

#include <catch2/catch.hpp>

#include <signal.h>
#include <sys/wait.h>

#include "harness/error.hpp"

using namespace dlt::bench;

namespace {
Child shell(const std::string& script) {
  return Child::start({{"/bin/sh", "-c", script}, {{"DLT_TEST_WORD", "seen"}}, {}});
}
}  // namespace

TEST_CASE("lines go to a child and come back, one by one") {
  Child child = shell("read a <&3; read b <&3; echo \"$b $a\" >&3; echo \"$DLT_TEST_WORD\" >&3");

  child.send("one");
  child.send("two");

  CHECK(child.receive(Seconds(30)) == "two one");
  CHECK(child.receive(Seconds(30)) == "seen");
}

TEST_CASE("a child that ends before its answer is told with its exit code") {
  Child child = shell("exit 7");

  CHECK_THROWS_WITH(child.receive(Seconds(30)), Catch::Contains("exit code 7"));
}

TEST_CASE("a child that says nothing is given up at the limit") {
  Child child = shell("read forever <&3");

  CHECK_THROWS_WITH(child.receive(Seconds(0.05)), Catch::Contains("no answer"));
}

TEST_CASE("what watches a child may stop the waiting") {
  Child child = shell("read forever <&3");

  CHECK_THROWS_WITH(child.receive(Seconds(30), [] { throw BenchError("the daemon is gone"); }), "the daemon is gone");
}

TEST_CASE("a child is stopped by the signal that was asked for") {
  Child child = shell("echo up >&3; read forever <&3");
  REQUIRE(child.receive(Seconds(30)) == "up");

  const int status = child.stop(SIGTERM, Seconds(30));

  CHECK(describe_status(status) == "signal 15");
}

TEST_CASE("a program that does not exist is an exit code, not a hang") {
  Child child = Child::start({{"/no/such/program"}, {}, {}});

  CHECK(WEXITSTATUS(child.stop(0, Seconds(30))) == 127);
}
