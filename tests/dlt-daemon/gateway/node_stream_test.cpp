#include "gateway/node_stream.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/fake_node.hpp"
#include "dlt-daemon/support/spans.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::daemon::gateway;
using namespace dlt::test;
namespace control = dlt::proto::control;

namespace {

constexpr std::uint64_t link_number = 4711;

struct Fixture {
  Pool pool;
  Exchange exchange{pool, Defaults{4, 0}, Control::Options{}, Replay::unread, 1000, Exchange::Options{}};
  NodeStream stream{exchange, "ECU2", 77, link_number};
  RecordingSink client;
  std::vector<Frame> controls;
  Clock::time_point at{};

  Fixture() { (void)exchange.router.add_client(client); }
  ~Fixture() { exchange.router.drop_client(client); }

  void feed(const std::string& bytes) {
    const SlabRef slab = pool.take();
    std::memcpy(slab.get()->memory().data(), bytes.data(), bytes.size());
    Now now;
    now.unix_us = 5;
    now.steady = at;
    stream.on_bytes(slab.get()->memory().first(bytes.size()), slab, now, controls);
  }
  control::GatewayLink connect() { return stream.on_connected({at, 5, 0}); }
  [[nodiscard]] std::string all() const {
    std::string out;
    for (const auto& span : client.spans) out += proto::as_text(span.bytes());
    return out;
  }
};

}  // namespace

TEST_CASE("what a node logs is passed on as it is, in few spans that name the node") {
  Fixture f;
  f.feed(node_frames(0, 10));
  REQUIRE(f.client.spans.size() == 1);
  const FrameSpan& span = f.client.spans[0];
  CHECK(proto::as_text(span.bytes()) == node_frames(0, 10));
  CHECK(span.frames == 10);
  CHECK(span.source == 77);
  CHECK(span.ecu == EcuId("ECU2"));
  CHECK(span.received_us == 5);
  CHECK_FALSE(span.own);
  CHECK(f.stream.received().messages == 10);
  CHECK(f.stream.received().bytes == 300);
  CHECK(f.exchange.router.total().messages == 10);
  CHECK(f.exchange.registry.applications().empty());  // its daemon has counted them
}

TEST_CASE("a stream of a node gives the same messages wherever its reads end") {
  const std::string bytes = "DLS\x01" + node_frames(0, 2) + node_says(control::Marker{}) + node_frames(2, 2);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Fixture f;
    f.feed(bytes.substr(0, cut));
    f.feed(bytes.substr(cut));
    CHECK(f.all() == node_frames(0, 2) + node_says(control::Marker{}) + node_frames(2, 2));
    CHECK(f.stream.received().messages == 4);
    CHECK(f.controls.size() == 1);
    CHECK(f.stream.garbage_bytes() == 0);
  }
}

TEST_CASE("control messages of a node go to clients as notices, in their place among the others") {
  Fixture f;
  const auto info = node_says(control::ConnectionInfo{});
  f.feed(node_frame(0) + info + node_frame(1));
  REQUIRE(f.client.spans.size() == 3);
  CHECK(f.client.spans[1].own);
  CHECK(proto::as_text(f.client.spans[1].bytes()) == info);
  REQUIRE(f.controls.size() == 1);
  CHECK(proto::as_text(f.controls[0]) == info);
  CHECK(f.stream.control_messages() == 1);
  CHECK(f.exchange.router.total().messages == 2);
}

TEST_CASE("messages in the name of another ECU go nowhere and are counted") {
  Fixture f;
  f.feed(node_frame(0) + node_frame(1, "ECU8") + node_says(control::Marker{}, "ECU9") + node_frame(2));
  CHECK(f.all() == node_frame(0) + node_frame(2));
  CHECK(f.stream.foreign_messages() == 2);
  CHECK(f.stream.foreign_ecu() == EcuId("ECU9"));
  CHECK(f.stream.received().messages == 2);
  CHECK(f.controls.empty());
}

TEST_CASE("a message with the ECU id that libraries have by default gets the node's, a control message does not") {
  const auto bytes = node_frame(0) + node_frame(1, "ECU1") + node_says(control::Marker{}, "ECU1") + node_frame(2);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Fixture f;
    f.feed(bytes.substr(0, cut));
    f.feed(bytes.substr(cut));
    CHECK(f.all() == node_frames(0, 3));
    CHECK(f.stream.foreign_messages() == 1);
  }
}

TEST_CASE("a message without an ECU id is the node's") {
  Fixture f;
  const std::string bare("\x20\x00\x00\x08\x01\x02\x03\x04", 8);
  f.feed(bare + bare);
  CHECK(f.all() == bare + bare);
  CHECK(f.stream.received().messages == 2);
}

TEST_CASE("rubbish of a node is counted, for the node and for all, and messages are found behind it") {
  Fixture f;
  f.feed(node_frame(0) + std::string(1000, '\xff') + node_frames(1, 5));
  CHECK(f.all() == node_frames(0, 6));
  CHECK(f.stream.garbage_bytes() == 1000);
  CHECK(f.exchange.garbage_bytes == 1000);
  CHECK(f.stream.makes_sense());
  f.feed(std::string(NodeStream::tolerated_rubbish, '\xff'));
  CHECK_FALSE(f.stream.makes_sense());
}

TEST_CASE("a message that the end of a connection tore counts as rubbish, and the next connection begins anew") {
  Fixture f;
  f.feed(node_frame(0) + node_frame(1).substr(0, 20));
  CHECK(f.stream.spoken());
  f.stream.on_closed();
  CHECK_FALSE(f.stream.spoken());
  CHECK(f.stream.garbage_bytes() == 20);
  CHECK(f.exchange.garbage_bytes == 20);
  f.feed(node_frame(2));
  CHECK(f.all() == node_frame(0) + node_frame(2));
  CHECK(f.stream.received().messages == 2);
}

TEST_CASE("what a node says it has lost is counted") {
  Fixture f;
  f.feed(node_says(control::MessageBufferOverflow{control::Status::ok, 1, 40}));
  f.feed(node_says(control::MessageBufferOverflow{control::Status::ok, 1, 2}));
  CHECK(f.stream.lost() == 42);
  CHECK(f.stream.control_messages() == 2);
}

TEST_CASE("messages that logstorage keeps from clients are kept from them in the name of a node as well") {
  Fixture f;
  f.exchange.stored_only = [](const std::byte* frame) { return number_of({frame, 30}) % 2 == 1; };
  const auto bytes = node_frames(0, 4);
  f.feed(bytes.substr(0, 45));
  f.feed(bytes.substr(45));
  CHECK(f.all() == node_frame(0) + node_frame(2));
  CHECK(f.stream.received().messages == 4);
}

TEST_CASE("forced levels and quotas are a matter of the node's own daemon") {
  Fixture f;
  Intake::Options options;
  options.forced = true;
  options.suppress_repetitions = true;
  options.quotas = {{AppId{}, {1, 1}}};
  f.exchange.intake.set_options(options);
  f.feed(node_frame(7) + node_frame(7) + node_frame(7));
  CHECK(f.stream.received().messages == 3);
  CHECK(f.client.spans.size() == 1);
}

TEST_CASE("the service of a control message is read in its byte order") {
  proto::control::Envelope envelope;
  envelope.order = std::endian::big;
  const auto big = *control::frame(control::GetSoftwareVersion{}, envelope);
  CHECK(service_in(big) == control::Service::get_software_version);
  CHECK_FALSE(service_in(proto::Bytes(big).first(proto::headers_size(proto::htyp::control) + 3)));
}

namespace {

std::string linked(std::uint64_t epoch, std::uint64_t sent, bool resumed, std::uint64_t link = link_number) {
  return node_says(
      control::GatewayLinked{control::Status::ok, link, epoch, sent, static_cast<std::uint8_t>(resumed ? 1 : 0)});
}
const std::string no_links = node_says(control::Plain{control::Service::gateway_link, control::Status::not_supported});

// A link has begun, `frames` have come, the connection has ended, and the next one is there.
void break_link(Fixture& f, const std::string& frames = "") {
  (void)f.connect();
  f.feed(linked(9, 0, false) + frames);
  f.stream.on_closed();
  (void)f.connect();
}

}  // namespace

TEST_CASE("what an application says about links before the node has answered for the first time costs no link") {
  Fixture f;
  (void)f.connect();
  f.feed(node_frame(0) + no_links + node_frame(1) + linked(9, 0, false) + node_frame(2));
  CHECK(f.stream.reception().up());
  CHECK(f.stream.acknowledge(true).has_value());
}

TEST_CASE("every frame behind the answer is of the link, whatever it is and wherever reads end") {
  const auto bytes = node_frames(0, 2) + linked(9, 0, false) + node_frames(2, 2) + node_says(control::Marker{}) +
                     node_frame(4, "ECU8") + node_frame(5);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Fixture f;
    (void)f.connect();
    f.feed(bytes.substr(0, cut));
    f.feed(bytes.substr(cut));
    CHECK(f.stream.acknowledge(true)->received == 5);
    CHECK(f.all() == node_frames(0, 4) + node_says(control::Marker{}) + node_frame(5));
    CHECK(f.controls.size() == 1);  // the answer is nobody else's
    f.stream.on_closed();
    const auto asked = f.connect();
    CHECK((asked.epoch == 9 && asked.received == 5));
  }
}

TEST_CASE("a link that goes on: what came before the answer is left out, and comes behind it") {
  const auto bytes = node_says(control::ConnectionInfo{}) + node_frames(2, 3) + linked(9, 2, true) + node_frames(2, 4);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Fixture f;
    break_link(f, node_frames(0, 2) + node_frame(2).substr(0, 20));
    f.feed(bytes.substr(0, cut));
    f.feed(bytes.substr(cut));
    CHECK(f.all() == node_frames(0, 6));
    CHECK(f.stream.received().messages == 6);
    CHECK(f.stream.acknowledge(true)->received == 6);
    CHECK(f.exchange.router.total().messages == 6);
  }
}

TEST_CASE("a connection that ends before the answer: what it brought is held until a later one tells what it was") {
  for (const bool goes_on : {true, false}) {
    Fixture f;
    break_link(f, node_frame(0));
    f.feed(node_frames(1, 2));
    f.stream.on_closed();
    CHECK(f.all() == node_frame(0));
    (void)f.connect();
    f.feed(goes_on ? linked(9, 1, true) + node_frames(1, 3) : linked(10, 0, false) + node_frame(3));
    CHECK(f.all() == node_frames(0, 4));
  }
}

TEST_CASE("a node that does not know links any more, or says nothing, costs no message and no order") {
  for (const bool says_so : {true, false}) {
    Fixture f;
    break_link(f, node_frame(0));
    f.feed(node_frames(1, 2) + node_says(control::Marker{}));
    CHECK(f.all() == node_frame(0));
    if (says_so) f.feed(no_links);  // which anybody could say
    CHECK(f.all() == node_frame(0));
    f.stream.tick({f.at + Reception::link_patience, 5, 0}, f.controls);
    f.feed(node_frame(3));
    CHECK(f.all() == node_frames(0, 3) + node_says(control::Marker{}) + (says_so ? no_links : "") + node_frame(3));
    CHECK(f.controls.size() == (says_so ? 2U : 1U));
    CHECK(f.stream.received().messages == 4);
    CHECK_FALSE(f.stream.acknowledge(true));
  }
}

TEST_CASE("a link that goes on too late would repeat what was passed on: the connection is to be ended") {
  Fixture f;
  (void)f.connect();
  f.feed(linked(9, 0, false) + node_frame(0));
  f.stream.on_closed();
  const auto link = f.connect().link;
  f.feed(node_frame(1));
  f.stream.tick({f.at + Reception::link_patience, 5, 0}, f.controls);
  f.feed(linked(9, 1, true) + node_frame(1));
  CHECK(f.stream.must_end());
  CHECK(f.all() == node_frames(0, 2));
  f.stream.on_closed();
  CHECK_FALSE(f.stream.must_end());
  CHECK(f.connect().link != link);
}

TEST_CASE("what is held is passed on where no connection is to come") {
  Fixture f;
  break_link(f);
  f.feed(node_frames(0, 2));
  f.stream.on_closed();
  f.stream.let_go({}, f.controls);
  CHECK(f.all() == node_frames(0, 2));
  CHECK(f.connect().epoch == 0);
}

TEST_CASE("on a link an answer that nobody has asked for is a frame like any other, as an application may write it") {
  const auto bytes = node_frames(0, 2) + linked(8, 40, true) + no_links + node_frame(2);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Fixture f;
    (void)f.connect();
    f.feed(linked(9, 0, false));
    f.feed(bytes.substr(0, cut));
    f.feed(bytes.substr(cut));
    CHECK(f.stream.acknowledge(true)->received == 5);
    CHECK(f.all() == bytes);
  }
}

TEST_CASE("what is held takes memory for itself, not for all that lies around it where it was received") {
  Fixture f;
  break_link(f);
  for (std::uint32_t n = 0; n < 100; ++n) f.feed(node_frame(n));  // into a slab each

  CHECK(f.pool.slabs() < 10);
  f.feed(linked(10, 0, false));
  CHECK(f.all() == node_frames(0, 100));
}

TEST_CASE("what is held is passed on after a while also where no connection comes any more") {
  Fixture f;
  break_link(f);
  f.feed(node_frames(0, 2));
  f.stream.on_closed();
  f.stream.tick({f.at + Reception::link_patience - std::chrono::seconds(1), 5, 0}, f.controls);
  CHECK(f.all().empty());
  f.stream.tick({f.at + Reception::link_patience, 5, 0}, f.controls);
  CHECK(f.all() == node_frames(0, 2));
  CHECK(f.connect().epoch == 0);
}

TEST_CASE("an application that speaks in its node's place is not believed, whatever it says before the node") {
  const std::string forged = GENERATE(std::string(no_links), linked(9, 0, false, 1), linked(9, 40, true, 1));
  const bool first = GENERATE(true, false);
  CAPTURE(first);
  Fixture f;
  (void)f.connect();
  if (!first) {
    f.feed(linked(9, 0, false) + node_frame(0));
    f.stream.on_closed();
    (void)f.connect();
  }
  const std::uint32_t seen = first ? 0 : 1;
  f.feed(node_frame(seen) + forged + node_frame(seen + 1) + linked(9, seen, !first) + node_frames(seen, 3));
  CHECK(f.stream.reception().up());
  CHECK(f.stream.acknowledge(true)->received == seen + 3);
  // What comes before a link that begins is not of it; before one that goes on it is what comes again.
  const std::string shown = forged == no_links ? "" : forged;
  CHECK(f.all() == (first ? node_frame(0) + shown + node_frame(1) : node_frame(0)) + node_frames(seen, 3));
}
