#include "session/client_conversation.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/wire.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

struct Fixture {
  Pool pool;
  Exchange exchange{pool, Defaults{4, 0}, Control::Options{}, Replay::unread, 1000, Exchange::Options{}};
  ClientConversation client{exchange};
  Outcome outcome;

  // Handles all that is whole; whether the peer makes sense.
  bool feed(const std::string& bytes) {
    client.on_bytes(proto::as_bytes(bytes));
    while (client.next({}, outcome)) {
    }
    return client.makes_sense();
  }
};

}  // namespace

TEST_CASE("several requests in one segment are all answered") {
  Fixture f;
  CHECK(f.feed(request(control::GetDefaultLogLevel{}) + request(control::GetSoftwareVersion{}) +
               request(control::GetLocalTime{})));
  CHECK(f.outcome.replies.size() == 3);
}

TEST_CASE("a request is answered once wherever its segments are split") {
  const std::string bytes = request(control::GetDefaultLogLevel{}) + request(control::GetLogInfo{7, "ABC", "DEF"});
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Fixture f;
    CHECK(f.feed(bytes.substr(0, cut)));
    CHECK(f.feed(bytes.substr(cut)));
    CHECK(f.outcome.replies.size() == 2);
  }
}

TEST_CASE("a peer that sends rubbish without end is given up") {
  Fixture f;
  bool kept = true;
  std::size_t fed = 0;
  for (; kept && fed < (1 << 20); fed += 4096) kept = f.feed(std::string(4096, '\xff'));
  CHECK_FALSE(kept);
  CHECK(fed < 256 * 1024);
}

TEST_CASE("rubbish is counted, for the client and for all") {
  Fixture f;
  ClientConversation other{f.exchange};
  CHECK(f.feed(std::string(1000, '\xff') + request(control::GetDefaultLogLevel{})));
  other.on_bytes(proto::as_bytes(std::string(500, '\xff')));
  Outcome ignored;
  CHECK_FALSE(other.next({}, ignored));
  CHECK(f.client.garbage_bytes() == 1000);
  CHECK(other.garbage_bytes() >= 490);  // the last bytes may still become a header
  CHECK(f.exchange.garbage_bytes == 1000 + other.garbage_bytes());
}

TEST_CASE("requests wait, none gets lost, while next() is not called") {
  Fixture f;
  const std::string asked = request(control::GetDefaultLogLevel{});
  const std::string all = asked + asked + asked + asked.substr(0, 9);
  f.client.on_bytes(proto::as_bytes(std::string(all)));  // which does not live longer
  for (std::size_t n = 1; n <= 3; ++n) {
    CHECK(f.client.busy());
    CHECK(f.client.next({}, f.outcome));
    CHECK(f.outcome.replies.size() == n);
  }
  CHECK_FALSE(f.client.next({}, f.outcome));
  CHECK_FALSE(f.client.busy());
  CHECK(f.feed(asked.substr(9)));
  CHECK(f.outcome.replies.size() == 4);
}

TEST_CASE("a little rubbish before a request is forgiven") {
  Fixture f;
  CHECK(f.feed("GET / HTTP/1.1\r\n\r\n"));
  CHECK(f.feed(request(control::GetDefaultLogLevel{})));
  CHECK(f.outcome.replies.size() == 1);
}
