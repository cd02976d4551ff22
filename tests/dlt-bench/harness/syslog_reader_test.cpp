#include "harness/syslog_reader.hpp"

#include <catch2/catch.hpp>

using namespace dlt::bench;

namespace {

struct Reading {
  Texts texts = Texts::fixed(12);
  Ledger ledger{2, texts};
  SyslogReader reader{"BABC", ledger};

  std::string datagram(std::uint64_t producer, std::uint64_t sequence, const std::string& sent = "0") {
    return "<14>Nov 26 11:48:18 BABC: " + std::to_string(tag(producer, sequence)) + " " + sent + " " +
           std::string(texts.of(sequence));
  }
};

}  // namespace

TEST_CASE("datagrams of syslog(3) enter the ledger, each producer for itself, with the time that they took") {
  Reading r;

  r.reader.enter(r.datagram(0, 0), 50);
  r.reader.enter(r.datagram(1, 0, "1000"), 3000);
  r.reader.enter(r.datagram(0, 1), 60);

  CHECK(r.ledger.delivered() == 3);
  CHECK(r.ledger.faults().empty());
  CHECK(r.reader.latency_ns().count() == 1);
  CHECK(r.reader.latency_ns().max() == 2000);
}

TEST_CASE("datagrams that are lost, repeated or torn are noticed") {
  Reading lost, repeated, torn, cut;

  lost.reader.enter(lost.datagram(0, 1), 1);
  CHECK(lost.ledger.producers()[0].missing == 1);

  repeated.reader.enter(repeated.datagram(0, 0), 1);
  repeated.reader.enter(repeated.datagram(0, 0), 2);
  CHECK(repeated.ledger.delivered() == 1);
  CHECK_FALSE(repeated.ledger.faults().empty());

  const std::string whole = torn.datagram(0, 0);
  torn.reader.enter(whole.substr(0, whole.size() - 1), 1);
  CHECK_FALSE(torn.ledger.faults().empty());

  cut.reader.enter("<14>Nov 26 11:48:18 BABC: 17", 1);
  CHECK_FALSE(cut.ledger.faults().empty());
}

TEST_CASE("what other programs log is passed over") {
  Reading r;

  r.reader.enter("<13>Nov 26 11:48:18 cron: 0 0 a job", 1);

  CHECK(r.reader.others() == 1);
  CHECK(r.ledger.faults().empty());
}
