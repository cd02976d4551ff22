// The end of a session while its daemon is slow, stalls or goes: what arrives, and what the books say of it.
#include <catch2/catch.hpp>

#include <arpa/inet.h>

#include <array>
#include <optional>
#include <thread>

#include "core.hpp"
#include "dlt/dlt.hpp"
#include "support/fake_daemon.hpp"
#include "support/fake_fifo_daemon.hpp"
#include "support/isolated.hpp"
#include "support/logged.hpp"
#include "support/started.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

Options options_at(const std::string& address) {
  Options o;
  o.app = "APP1";
  o.address = address;
  o.buffer.mode = OverflowMode::drop_newest;
  return o;
}

// Until the queue is full, and so whatever is between it and the daemon.
void fill(const Session& session, Context& c) {
  const std::string text(500, 'x');
  const bool filled = eventually([&] {
    for (std::uint64_t n = 0; n < 1000; ++n) DLT_INFO(c, "{}{}", n, text);
    return session.stats().dropped.full > 1000;
  });
  expect(filled, "full");
}

// The books after the end are seen by the next session.
Stats books_afterwards(const TempDir& dir) {
  const auto again = started(options_at("unix:" + dir / "nobody.sock"));
  return again.stats();
}

}  // namespace

TEST_CASE("a session that ends before a FIFO that is full has counted as lost what did not go, and only that") {
  CHECK(isolated([] {
          TempDir dir;
          FakeFifoDaemon daemon(dir.path());
          Options o = options_at("fifo:" + dir.path().string());
          o.exit_flush = 50ms;
          Context c{"CTX1"};
          {
            auto session = started(o);
            expect(daemon.sees("context CTX1 0 -2"), "registered");
            daemon.set_reads(false);
            fill(session, c);
          }
          daemon.set_reads(true);
          const Stats s = books_afterwards(dir);
          expect(s.closes() && s.dropped.at_exit > 0, "books");
          expect(daemon.sees_frames(s.delivered), "all that counts as delivered");
          expect(!eventually([&] { return daemon.frame_count() > s.delivered; }, 200ms), "and nothing else");
          expect_equal(daemon.frame_count(), s.delivered, "frames");
          expect_equal(daemon.count("rubbish"), 0U, "rubbish");
        }) == "");
}

TEST_CASE("a daemon that reads on just when a session gives up gets whole messages and the good-bye") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          Options o = options_at("unix:" + dir / "d.sock");
          o.exit_flush = 50ms;
          Context c{"CTX1"};
          std::optional<Session> session = started(o);
          expect(daemon.sees("context CTX1 -2"), "registered");
          daemon.set_reads(false);
          fill(*session, c);
          std::atomic<bool> ended{false};
          std::thread ends([&] { session.reset(), ended = true; });
          while (!ended && detail::Core::get()->stats().dropped.at_exit == 0) std::this_thread::yield();
          daemon.set_reads(true);
          ends.join();
          const Stats s = books_afterwards(dir);

          expect(s.closes() && s.dropped.at_exit > 0, "books");
          expect(daemon.sees("disconnected"), "closed");
          expect_equal(daemon.frame_count(), s.delivered, "frames");
          expect_equal(daemon.count("rubbish"), 0U, "rubbish");
          for (const auto& frame : daemon.frames()) expect(payload_of(frame).ends_with(std::string(500, 'x')), "whole");
          if (daemon.count("bye") != 0) expect_equal(daemon.lost_.load(), s.dropped.total(), "told");
        }) == "");
}

namespace {

// A daemon behind a network: it acknowledges nothing, and ends the connection as it is told to.
class TcpDaemon {
 public:
  enum class End { in_order, by_reset };

  explicit TcpDaemon(End end) : end_(end), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&a), size) != 0 || ::listen(listener_, 1) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size) != 0)
      throw std::runtime_error("cannot listen");
    port_ = ntohs(a.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~TcpDaemon() {
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::string address() const { return "tcp:127.0.0.1:" + std::to_string(port_); }

 private:
  void run() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    std::array<std::byte, 256> hello{};
    proto::ByteWriter out(hello);
    proto::local::encode(out, proto::local::Hello{1, proto::local::capability::all, 1, EcuId("TCP"), 0, "fake"});
    (void)!::send(fd, hello.data(), out.size(), MSG_NOSIGNAL);
    std::vector<char> some(256 * 1024);
    while (::recv(fd, some.data(), some.size(), 0) > 0) {
    }
    const linger at_once{1, 0};
    if (end_ == End::by_reset) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(fd);
  }

  const End end_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

TEST_CASE("over TCP what a daemon has not confirmed is its own when it ends the stream, and lost when it is reset") {
  const auto how = GENERATE(TcpDaemon::End::in_order, TcpDaemon::End::by_reset);
  CHECK(isolated([how] {
          TempDir dir;
          TcpDaemon daemon(how);
          Context c{"CTX1"};
          {
            auto session = started(options_at(daemon.address()));
            for (int i = 0; i < 100; ++i) expect(DLT_INFO(c, "{}", i), "logged");
            expect(session.flush(30s), "flush");
            expect_equal(session.stats().delivered, 100U, "handed over");
          }
          const Stats s = books_afterwards(dir);
          const std::uint64_t lost = how == TcpDaemon::End::by_reset ? 100 : 0;
          expect_equal(s.delivered, 100 - lost, "delivered");
          expect_equal(s.dropped.overwritten, lost, "lost");
          expect(s.closes() && s.queued == 0, "books");
        }) == "");
}

TEST_CASE("losses that a daemon which hung up was not told of are told to the next one") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock");
          auto session = started(options_at("unix:" + dir / "d.sock"));
          Context c{"CTX1"};
          expect(daemon.sees("context CTX1 -2"), "registered");
          daemon.set_reads(false);
          fill(session, c);
          // A round now and then, in which it would tell.
          const auto until = std::chrono::steady_clock::now() + 1200ms;
          while (std::chrono::steady_clock::now() < until) (void)session.flush(20ms);

          daemon.come_again_as(2);
          daemon.hang_up();
          daemon.set_reads(true);
          expect(session.flush(30s), "flush");
          const std::uint64_t lost = session.stats().dropped.total();
          expect(eventually([&] { return daemon.lost_ == lost; }),
                 "told " + std::to_string(daemon.lost_) + " of " + std::to_string(lost));
        }) == "");
}

TEST_CASE("what another sender had sent before a connection broke at the end of the session is sent again, too") {
  CHECK(isolated([] {
          TempDir dir;
          FakeDaemon daemon(dir / "d.sock", {.acknowledges = false});
          Options o = options_at("unix:" + dir / "d.sock");
          o.senders = 2;
          o.exit_flush = 60s;
          Context c{"CTX1"};
          std::optional<Session> session = started(o);
          expect(daemon.sees("context CTX1 -2"), "registered");
          for (std::uint64_t n = 0; n < 100; ++n) DLT_INFO(c.in(Buffer{3}), "{}", n);  // the second sender's
          expect(session->flush(30s) && daemon.sees_frames(100), "sent");
          daemon.set_reads(false);
          const std::string text(500, 'x');
          const bool filled = eventually([&] {  // the first sender's
            for (std::uint64_t n = 0; n < 1000; ++n) DLT_INFO(c.in(Buffer{2}), "{}{}", n, text);
            return session->stats().dropped.full > 1000;
          });
          expect(filled, "full");

          std::thread ends([&] { session.reset(); });
          expect(eventually([&] { return !DLT_FATAL(c, "until the levels are off"); }), "the end has begun");
          std::this_thread::sleep_for(100ms);  // for the second sender to end; if it has not, nothing is tried here
          daemon.hang_up();
          daemon.set_reads(true);
          ends.join();

          const Stats s = books_afterwards(dir);
          expect_equal(s.dropped.at_exit, 0U, "lost at exit");
          expect(s.closes() && s.queued == 0, "books");
        }) == "");
}
