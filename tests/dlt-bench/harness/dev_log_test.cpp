#include "harness/dev_log.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "cases/compare_loggers.hpp"
#include "harness/worker.hpp"
#include "support/temp_dir.hpp"

using namespace dlt::bench;
using dlt::test::TempDir;

namespace {

int datagram_socket_at(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

}  // namespace

TEST_CASE("somebody listens only where datagrams are taken, not where a daemon has left its socket behind") {
  TempDir dir;
  const std::string path = dir / "log";

  CHECK_FALSE(listens_at(path));
  const int fd = datagram_socket_at(path);
  CHECK(listens_at(path));
  ::close(fd);
  CHECK_FALSE(listens_at(path));
}

TEST_CASE("syslog(3) is measured against a reader of ours: every message arrives, whole and in order") {
  INFO("needs root, or user namespaces");
  REQUIRE(DevLog::allowed());
  set_worker_program(DLT_BENCH_PROGRAM);
  ProducePlan plan;
  plan.threads = 3;
  plan.messages = 2000;
  plan.timing = Timing::each;

  const Sample s = run_syslog_to_reader(plan);

  CHECK(s.offered == 6000);
  CHECK(s.delivered == 6000);
  CHECK(s.unaccounted == 0);
  CHECK(s.faults.empty());
  CHECK(s.call_ns.count == 6000);
  CHECK(s.e2e_us.count == 6000);
  CHECK(s.e2e_us.max > 0);
  CHECK(s.msgs_per_s() > 0);
}

TEST_CASE("another socket at /dev/log is seen by no other process") {
  const bool before = listens_at("/dev/log");

  CHECK(DevLog::allowed());

  CHECK(listens_at("/dev/log") == before);
  CHECK(::access("/dev/null", W_OK) == 0);
}
