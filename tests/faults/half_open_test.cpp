// F07: a client vanishes without a word: its cable is cut. In a network of the test's own, which takes root.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sched.h>

#include "faults/bystander.hpp"
#include "faults/looking.hpp"
#include "support/skip.hpp"

using namespace dlt;
using namespace dlt::test;

namespace {

// Two machines, joined by a cable. The calling thread, and what it starts, is on the first; its sockets stay where they
// were made. The end of the object takes the thread back and the machines away.
class TwoMachines {
 public:
  TwoMachines() : home_(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    if (home_ < 0 || unshare(CLONE_NEWNET) != 0) return;
    second_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    command({"link", "set", "lo", "up"});
    const std::string there = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(second_);
    if (unshare(CLONE_NEWNET) != 0) return;
    first_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    works_ = command({"link", "set", "lo", "up"}) &&
             command({"link", "add", "here", "type", "veth", "peer", "name", "there", "netns", there}) &&
             command({"address", "add", "10.9.8.1/24", "dev", "here"}) && command({"link", "set", "here", "up"});
    on_second([&] {
      works_ = works_ && command({"address", "add", "10.9.8.2/24", "dev", "there"}) &&
               command({"link", "set", "there", "up"});
    });
  }
  ~TwoMachines() {
    if (home_ >= 0) setns(home_, CLONE_NEWNET);
    for (const int fd : {home_, first_, second_})
      if (fd >= 0) close(fd);
  }
  TwoMachines(const TwoMachines&) = delete;
  TwoMachines& operator=(const TwoMachines&) = delete;

  [[nodiscard]] bool work() const { return works_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  template <class Action>
  void on_second(Action&& action) const {
    setns(second_, CLONE_NEWNET);
    action();
    setns(first_, CLONE_NEWNET);
  }
  void cut_the_cable() {
    on_second([&] { command({"link", "set", "there", "down"}); });
  }

 private:
  bool command(std::vector<std::string> words) {
    words.insert(words.begin(), "ip");
    const auto outcome = run(words);
    if (outcome.code != 0) problem_ += outcome.out;
    return outcome.code == 0;
  }

  int home_;
  int first_ = -1;
  int second_ = -1;
  bool works_ = false;
  std::string problem_;
};

}  // namespace

TEST_CASE("F07: a client whose cable is cut is disconnected in time, idle or not, and nobody else is harmed", "[F07]") {
  if (geteuid() != 0) {
    skip("it takes root to have a network of its own");
    return;
  }
  TwoMachines machines;
  if (!machines.work()) {
    skip("no network of its own could be made: " + machines.problem());
    return;
  }
  Daemon daemon(DLT_DAEMON, {{"BindAddress", "127.0.0.1;10.9.8.1"}, {"PeerTimeout", "2"}, {"ClientTimeout", "2"}});
  daemon.start();
  std::optional<RawPeer> idle;
  const auto clients = [&] { return look(daemon).at("clients").size(); };

  machines.on_second([&] { idle.emplace(RawPeer::to_tcp(daemon.port(), 0, "10.9.8.1")); });
  REQUIRE(eventually([&] { return clients() == 1; }));
  machines.cut_the_cable();
  const auto cut = std::chrono::steady_clock::now();
  CHECK(eventually([&] { return clients() == 0; }));  // nothing was sent: the probes find out
  const auto idle_took = std::chrono::steady_clock::now() - cut;

  machines.on_second([&] { static_cast<void>(run({"ip", "link", "set", "there", "up"})); });
  std::optional<RawPeer> busy;
  machines.on_second([&] { busy.emplace(RawPeer::to_tcp(daemon.port(), 0, "10.9.8.1")); });
  REQUIRE(eventually([&] { return clients() == 1; }));
  Bystander good(daemon);
  REQUIRE(good.goes_on());
  machines.cut_the_cable();
  const auto cut_again = std::chrono::steady_clock::now();
  CHECK(eventually([&] { return clients() == 1; }));  // there was something to send
  const auto busy_took = std::chrono::steady_clock::now() - cut_again;
  CHECK(good.goes_on());
  const auto books = good.finish();
  INFO("idle: " << std::chrono::duration<double>(idle_took).count() << " s, busy "
                << std::chrono::duration<double>(busy_took).count() << " s; longest gap of the good client "
                << books.longest_gap.count() << " ms");
  CHECK(books.all_well());
  CHECK(idle_took < std::chrono::seconds(20));  // 2 s were configured
  CHECK(busy_took < std::chrono::seconds(20));
  CHECK(daemon.stop() == 0);
}
