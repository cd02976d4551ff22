// F13: another user says, registers and logs whatever it likes in the name of a running application. The kernel's word
// on who connects decides. Needs root, to be two users.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <sys/wait.h>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"
#include "support/skip.hpp"

using namespace dlt;
using namespace dlt::test;
namespace local = dlt::proto::local;

namespace {

constexpr uid_t other_user = 65534;

// As the other user: connects `connections` times, sends the bytes on each, waits until the daemon has ended those that
// it refuses. Only what is safe in a child of a process with threads. Exit code: how many stayed open.
int as_other_user(const std::string& path, const std::string& bytes, int connections) {
  const auto where = RawPeer::unix_address(path);
  const pid_t child = fork();
  if (child != 0) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  if (setresgid(other_user, other_user, other_user) != 0 || setresuid(other_user, other_user, other_user) != 0)
    _exit(200);
  int fds[64];
  for (int i = 0; i < connections; ++i) {
    fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fds[i], reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) _exit(201);
    const timeval limit{patience.count(), 0};
    setsockopt(fds[i], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  int open = 0;
  for (int i = 0; i < connections; ++i) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const auto n = send(fds[i], bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    // The greeting at the end of the bytes is answered where the connection was accepted.
    char answer[4096];
    if (sent == bytes.size() && recv(fds[i], answer, sizeof answer, 0) > 0) ++open;
  }
  _exit(open);
}

bool is_root() {
  if (geteuid() == 0) return true;
  skip("it takes root to be two users");
  return false;
}

}  // namespace

TEST_CASE("F13: another user cannot take over, unregister or use an application's id", "[F13]") {
  if (!is_root()) return;
  Daemon daemon(DLT_DAEMON, {{"ApplicationSocketMode", "0666"}});
  chmod(daemon.dir().path().c_str(), 0755);
  daemon.start();
  Bystander good(daemon);
  REQUIRE(good.goes_on());

  std::string attack = encoded(local::RegisterApplication{"GOOD", 1, "taken over"}) +
                       encoded(local::RegisterContext{"GOOD", "CTX1", 0, 0, 0, 1, "taken over"}) +
                       encoded(local::UnregisterContext{"GOOD", "CTX1", 1}) +
                       encoded(local::ApplicationLimits{"GOOD", 0, 0}) + encoded(local::Overflow{1000, "GOOD"}) +
                       encoded(local::UnregisterApplication{"GOOD", getpid()});
  for (std::uint32_t i = 0; i < 100; ++i) attack += log(frame(1'000'000 + i, 0, "GOOD"));
  CHECK(as_other_user(daemon.dir() / "app.sock", attack + encoded(local::Hello{}), 1) == 1);

  CHECK(good.goes_on());
  const auto books = good.finish();
  CHECK(books.all_well());  // none of the foreign messages either
  const auto status = look(daemon);
  CHECK(status.at("refused").at("foreign_id") == 6);
  CHECK(status.at("refused").at("foreign_messages") == 100);
  const auto& victim = status.at("applications").at(0);
  CHECK(victim.at("id") == "GOOD");
  CHECK(victim.at("pid") == getpid());
  CHECK(victim.at("description") == "an application");
  CHECK(victim.at("lost").at("overflow") == 0);
  CHECK(victim.at("contexts").at(0).at("registered") == true);
  CHECK(victim.at("contexts").at(0).at("level") == -1);
  CHECK(victim.at("received").at("messages") == books.sent);
  CHECK(daemon.log().find("foreign_id") != std::string::npos);
  CHECK(daemon.stop() == 0);
}

TEST_CASE("F13: the process and user that the status names are the kernel's, not the peer's", "[F13]") {
  if (!is_root()) return;
  Daemon daemon(DLT_DAEMON, {{"ApplicationSocketMode", "0666"}});
  chmod(daemon.dir().path().c_str(), 0755);
  daemon.start();
  CHECK(as_other_user(daemon.dir() / "app.sock",
                      encoded(local::RegisterApplication{"LIAR", getpid(), "not me"}) + encoded(local::Hello{}),
                      1) == 1);
  const auto status = look(daemon);
  CHECK(status.at("applications").at(0).at("pid") != getpid());
  CHECK(status.at("applications").at(0).at("pid") != 0);
  CHECK(daemon.stop() == 0);
}

TEST_CASE("F13: one user's connections run out before another's", "[F13]") {
  if (!is_root()) return;
  Daemon daemon(DLT_DAEMON, {{"ApplicationSocketMode", "0666"}, {"MaxApplicationsPerUser", "8"}});
  chmod(daemon.dir().path().c_str(), 0755);
  daemon.start();
  CHECK(as_other_user(daemon.dir() / "app.sock", registration("EVIL") + encoded(local::Hello{}), 30) == 8);
  CHECK(refused(daemon, "connections_per_user") == 22);
  Bystander good(daemon);
  CHECK(good.goes_on());
  CHECK(good.finish().all_well());
  CHECK(daemon.stop() == 0);
}
