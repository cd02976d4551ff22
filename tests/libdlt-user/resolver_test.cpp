#include "resolver.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>

#include "dlt/dlt.hpp"
#include "libdlt-user/support/fake_daemon.hpp"
#include "libdlt-user/support/isolated.hpp"
#include "libdlt-user/support/listener.hpp"
#include "libdlt-user/support/names.hpp"
#include "support/deadline.hpp"

using namespace dlt;
using namespace dlt::detail;
using namespace dlt::test;
using namespace std::chrono_literals;

namespace {

Options at(const std::string& host, std::uint16_t port) {
  Options o;
  o.app = "APP1";
  o.address = "tcp:" + host + ":" + std::to_string(port);
  return o;
}

}  // namespace

TEST_CASE("a number is taken as it is, a name asks nobody twice at once") {
  names::stand_for({"127.0.0.3", "127.0.0.2"});
  names::hold_back();
  std::atomic<int> rang{0};
  Resolver resolver([&] { rang.fetch_add(1); });

  CHECK(resolver.look_up("::1", "3490"));
  CHECK(resolver.look_up("127.0.0.1", "3490"));
  CHECK(names::asked() == 0);
  for (int i = 0; i < 3; ++i) CHECK(would_block(resolver.look_up("two.test", "3490").error()));
  REQUIRE(eventually([] { return names::asked() == 1; }));
  names::answer();
  REQUIRE(eventually([&] { return rang == 1; }));
  CHECK(resolver.has_answer());
  const auto found = resolver.look_up("two.test", "3490");
  REQUIRE(found);
  CHECK(found->size() == 2);
  CHECK(names::asked() == 1);
}

TEST_CASE("no more look-ups go on than a process may have, whoever has forgotten about them") {
  names::stand_for({"127.0.0.1"});
  names::hold_back();
  for (std::uint32_t i = 0; i < Resolver::most_at_once; ++i) {
    Resolver forgets([] { FAIL("nobody is there"); });
    CHECK(would_block(forgets.look_up("slow.test", "1").error()));
  }
  Resolver resolver([] {});

  CHECK(resolver.look_up("slow.test", "1").error() == std::errc::address_not_available);

  names::answer();
  REQUIRE(eventually([&] { return would_block(resolver.look_up("slow.test", "1").error()); }));
  REQUIRE(eventually([&] { return resolver.has_answer(); }));
}

TEST_CASE("the places of a host come in their order, but the one that worked last comes first") {
  Endpoint one, two, three;
  one.size = two.size = three.size = sizeof(sockaddr_in);
  two.address.ss_family = 2;
  three.address.ss_family = 3;
  Endpoints all;
  CHECK(all.current() == nullptr);

  all.begin({one, two, three});
  CHECK(*all.current() == one);
  all.failed();
  CHECK(*all.current() == two);
  all.worked();
  all.forget();
  CHECK(all.current() == nullptr);
  all.begin({one, two, three});
  CHECK(*all.current() == two);
  all.failed();
  CHECK(*all.current() == one);
  all.failed();
  CHECK(*all.current() == three);
  all.failed();
  CHECK(all.current() == nullptr);
  all.failed();
  CHECK(all.current() == nullptr);
}

TEST_CASE("an end does not wait for a name server that does not answer, whatever comes of its answer") {
  CHECK(isolated([] {
          names::stand_for({"127.0.0.1"});
          names::hold_back();
          Options o = at("slow.test", 9);
          o.exit_flush = 1ms;
          for (int sessions = 1; sessions <= 2; ++sessions) {
            auto session = start(o);
            expect(session.has_value(), "start");
            Context c{"CTX1"};
            expect(DLT_INFO(c, "for nobody"), "accepted");
            expect(eventually([] { return names::asked() > 0; }), "asked");

            { const Session ends = std::move(*session); }

            expect_equal(names::answered(), 0, "looked up before the end");
            const Stats s = session->stats();
            expect_equal(s.dropped.at_exit, static_cast<unsigned>(sessions), "lost at exit");
            expect(s.closes(), "books");
          }
          names::answer();
          expect(eventually([] { return names::answered() == names::asked(); }), "answered");
        }) == "");
}

TEST_CASE("a daemon is found by its name, also where the name server is slow") {
  CHECK(isolated([] {
          Listener listener;
          const std::uint16_t port = listener.port();
          FakeDaemon daemon(listener.release(), {});
          names::stand_for({"127.0.0.1"});
          names::hold_back();
          auto session = start(at("slow.test", port));
          expect(session.has_value(), "start");
          Context c{"CTX1"};
          DLT_INFO(c, "waits");
          expect(eventually([] { return names::asked() == 1; }), "asked");
          expect(!session->flush(3s), "nothing can go yet");  // longer than a connection may take
          expect_equal(names::asked(), 1, "one look-up at a time");

          names::answer();

          expect(daemon.sees_frames(1), "arrived");
        }) == "");
}

TEST_CASE("a forked child looks for itself while a look-up of its parent goes on") {
  CHECK(isolated([] {
          Listener listener;
          const std::uint16_t port = listener.port();
          names::stand_for({"127.0.0.1"});
          names::hold_back();
          auto session = start(at("slow.test", port));
          expect(session.has_value(), "start");
          Context c{"CTX1"};
          expect(eventually([] { return names::asked() == 1; }), "asked");
          const std::string said = isolated([&] {
            FakeDaemon daemon(listener.release(), {});
            names::answer();
            DLT_INFO(c, "of the child");
            expect(daemon.sees_frames(1), "arrived");
          });
          names::answer();
          expect(said.empty(), "the child: " + said);
        }) == "");
}

TEST_CASE("where a host has several addresses, one that never answers does not keep the others from being tried") {
  CHECK(isolated([] {
          std::unique_ptr<Listener> silent;
          std::unique_ptr<Listener> speaks;
          expect(eventually([&] {
                   speaks = std::make_unique<Listener>("127.0.0.3");
                   silent = std::make_unique<Listener>("127.0.0.2", speaks->port(), 0);
                   return silent->is_open();
                 }),
                 "two listeners at one port");
          silent->fall_silent();
          const std::uint16_t port = speaks->port();
          FakeDaemon daemon(speaks->release(), {});
          names::stand_for({"127.0.0.2", "127.0.0.3"});
          auto session = start(at("two.test", port));
          expect(session.has_value(), "start");
          Context c{"CTX1"};

          DLT_INFO(c, "waits");

          expect(daemon.sees_frames(1), "arrived");
          daemon.hang_up();
          expect(eventually([&] { return daemon.count("hello") == 2; }), "back");
        }) == "");
}
