#include "address.hpp"

#include <catch2/catch.hpp>

using dlt::Errc;
using dlt::detail::Address;

TEST_CASE("addresses name a Unix path or a TCP host and port") {
  const auto path = Address::parse("unix:/run/dlt/app.sock");
  REQUIRE(path);
  CHECK(path->kind == Address::Kind::unix_path);
  CHECK(path->path == "/run/dlt/app.sock");
  CHECK(path->text() == "unix:/run/dlt/app.sock");

  const auto host = Address::parse("tcp:logs.example:3491");
  REQUIRE(host);
  CHECK(host->kind == Address::Kind::tcp);
  CHECK(host->host == "logs.example");
  CHECK(host->port == "3491");

  const auto six = Address::parse("tcp:[::1]:3491");
  REQUIRE(six);
  CHECK(six->host == "::1");
  CHECK(six->text() == "tcp:[::1]:3491");

  const auto fifo = Address::parse("fifo:/tmp");
  REQUIRE(fifo);
  CHECK(fifo->kind == Address::Kind::fifo);
  CHECK(fifo->path == "/tmp");
  CHECK(fifo->text() == "fifo:/tmp");
  CHECK_FALSE(fifo->by_default);
}

TEST_CASE("a bad address is refused, never cut") {
  const auto bad = GENERATE("", "unix:", "/run/dlt/app.sock", "tcp:host", "tcp::3490", "tcp:host:0", "tcp:host:65536",
                            "tcp:host:12x", "tcp:::1:3490", "tcp:[::1:3490", "udp:host:1", "fifo:");
  CAPTURE(bad);
  const auto address = Address::parse(bad);
  REQUIRE_FALSE(address);
  CHECK(address.error() == Errc::invalid_argument);
}

TEST_CASE("a Unix path may have 107 bytes and not one more") {
  CHECK(Address::parse("unix:" + std::string(107, 'p')));
  CHECK_FALSE(Address::parse("unix:" + std::string(108, 'p')));
}

TEST_CASE("without an address the system's daemon comes first, then the user's, then the incumbent's FIFO") {
  const auto all = dlt::detail::default_addresses("/run/user/1000", "/var/dlt");
  REQUIRE(all.size() == 3);
  CHECK(all[0].text() == "unix:/run/dlt/app.sock");
  CHECK(all[1].text() == "unix:/run/user/1000/dlt/app.sock");
  CHECK(all[2].text() == "fifo:/var/dlt");
  for (const Address& a : all) CHECK(a.by_default);
  CHECK(dlt::detail::default_addresses(nullptr, "/tmp").size() == 2);
}
