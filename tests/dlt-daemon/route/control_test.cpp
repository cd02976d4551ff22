#include "route/control.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/wire.hpp"
#include "session/app_conversation.hpp"
#include "support/golden.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace control = dlt::proto::control;
namespace local = dlt::proto::local;

namespace {

// The session of tests/golden/control-session.txt, played to our own parts: each step gives what the client and what
// the application are sent.
class Session {
 public:
  Session() { (void)exchange_.router.add_client(client_); }

  struct Answers {
    std::vector<std::string> client;  // frames in hex, the time stamp zeroed
    std::string app;                  // bytes in hex
  };

  Answers from_app(const local::Message& message) {
    std::string bytes = encoded(message);
    SlabRef slab = pool_.take();
    const auto memory = slab.get()->memory().first(bytes.size());
    std::memcpy(memory.data(), bytes.data(), bytes.size());
    client_.frames.clear();
    AppConversation::Effects effects;
    CHECK(app_.on_bytes(memory, slab, {}, effects) == bytes.size());
    for (const auto& push : effects.levels) AppConversation::append(effects.reply, push.message);
    return {client_.frames, to_hex(effects.reply)};
  }
  Answers from_client(const control::Request& r, AppId app = {}, ContextId context = {}) {
    Outcome outcome;
    exchange_.control.handle(proto::as_bytes(request(r, app, context)), 0, outcome);
    Answers answers;
    for (const auto& reply : outcome.replies) answers.client.push_back(to_hex(reply));
    std::vector<std::byte> out;
    for (const auto& push : outcome.levels) AppConversation::append(out, push.message);
    for (const auto& push : outcome.injections)
      AppConversation::append(out, local::Injection{push.position, push.service, push.data});
    answers.app = to_hex(out);
    return answers;
  }
  Exchange& exchange() { return exchange_; }

 private:
  struct Client : Sink {
    [[nodiscard]] std::uint64_t settled() const noexcept override { return all_settled; }
    std::vector<std::string> frames;
    void accept(const FrameSpan& span, Clock::time_point) override { frames.push_back(to_hex(span.bytes())); }
    void push() override {}
    bool holds_back(Clock::time_point) noexcept override { return false; }
  };

  Pool pool_;
  Client client_;
  Exchange exchange_{pool_,          Defaults{4, 0}, Control::Options{"ECU1", true, 7, "dlt-daemon test", {4, 0}},
                     Replay::unread, 1000,           Exchange::Options{"ECU1", 0, 1, "dlt-daemon test", true}};
  AppConversation app_{exchange_, {1}};
};

// What the incumbent sent: the frame that its golden payload makes, in hex.
std::vector<std::string> golden_client(const std::string& step) {
  std::vector<std::string> out;
  for (const auto& line : read_golden("control-session.txt")) {
    if (line[0] != "client" || line[1] != step || line[2] == "41") continue;
    const auto payload = from_hex(line[6]);
    std::vector<std::byte> buffer(payload.size() + 64);
    proto::ByteWriter writer(buffer);
    proto::StandardHeader standard{
        proto::htyp::control, 0, static_cast<std::uint16_t>(22 + payload.size()), "ECU1", 0, 0};
    standard.encode(writer);
    writer.u8(static_cast<std::uint8_t>(std::stoi(line[2], nullptr, 16)));
    writer.u8(static_cast<std::uint8_t>(std::stoi(line[3])));
    writer.id(AppId(line[4]));
    writer.id(ContextId(line[5]));
    writer.bytes(payload);
    out.push_back(to_hex(writer.written()));
  }
  return out;
}
std::string golden_app(const std::string& step) {
  for (const auto& line : read_golden("control-session.txt"))
    if (line[0] == "app" && line[1] == step) return line[2];
  return {};
}

void check(const std::string& step, const Session::Answers& answers) {
  INFO(step);
  const auto expected = golden_client(step);
  CHECK_FALSE(expected.empty());
  CHECK(answers.client == expected);
  CHECK(answers.app == golden_app(step));
}

void register_golden_application(Session& s) {
  CHECK(s.from_app(local::RegisterApplication{"GOLD", 999100, "golden a"}).app == "44 55 48 01 0c 00 00 00 01");
  check("register ctx", s.from_app(local::RegisterContext{"GOLD", "CTX1", 0, -1, -1, 999100, "ctx 1"}));
  check("register ctx ll=3", s.from_app(local::RegisterContext{"GOLD", "CTX2", 1, 3, 0, 999100, ""}));
}

}  // namespace

TEST_CASE("registrations, overflow, marker and limits are answered as the incumbent answers them") {
  Session s;
  register_golden_application(s);
  check("overflow 77", s.from_app(local::Overflow{77, "GOLD"}));
  // The capture shows two messages under one name: the marker for clients, the limits for the application.
  CHECK(s.from_app(local::Marker{}).client == golden_client("marker(+1 byte)"));
  CHECK(s.from_app(local::ApplicationLimits{"GOLD", 2, 1}).app == golden_app("marker(+1 byte)"));
  check("unregister ctx", s.from_app(local::UnregisterContext{"GOLD", "CTX2", 999100}));
}

TEST_CASE("level and trace requests are answered as the incumbent answers them") {
  Session s;
  register_golden_application(s);
  (void)s.from_app(local::ApplicationLimits{"GOLD", 2, 1});
  check("01 set_log_level", s.from_client(control::SetLogLevel{"GOLD", "CTX1", 5}));
  check("01 all ctx of app", s.from_client(control::SetLogLevel{"GOLD", "", 4}));
  check("01 unknown", s.from_client(control::SetLogLevel{"NONE", "CTX1", 4}));
  check("02 set_trace_status", s.from_client(control::SetTraceStatus{"GOLD", "CTX1", 1}));
}

TEST_CASE("get_log_info is answered as the incumbent answers it") {
  Session s;
  register_golden_application(s);
  (void)s.from_app(local::ApplicationLimits{"GOLD", 4, 1});
  for (std::uint8_t option = 3; option <= 7; ++option)
    check("03 get_log_info opt " + std::to_string(option), s.from_client(control::GetLogInfo{option, "GOLD", ""}));
  check("03 all", s.from_client(control::GetLogInfo{7, "", ""}));
  check("03 none", s.from_client(control::GetLogInfo{7, "NONE", ""}));
  check("03 bad opt", s.from_client(control::GetLogInfo{2, "", ""}));
}

TEST_CASE("the other requests are answered as the incumbent answers them") {
  Session s;
  register_golden_application(s);
  (void)s.from_app(local::ApplicationLimits{"GOLD", 4, 1});
  check("04 get_default_log_level", s.from_client(control::GetDefaultLogLevel{}));
  check("06 reset_to_factory", s.from_client(control::ResetToFactoryDefault{}));
  for (const auto& [step, id] : std::vector<std::pair<std::string, unsigned>>{{"07", 7},
                                                                              {"08", 8},
                                                                              {"09", 9},
                                                                              {"0a", 10},
                                                                              {"0d", 13},
                                                                              {"0e", 14},
                                                                              {"0f", 15},
                                                                              {"10", 16},
                                                                              {"15 unknown", 0x15},
                                                                              {"f01", 0xf01}})
    check(step, s.from_client(control::OtherRequest{static_cast<control::Service>(id), {}}));
  check("0b timing packets off", s.from_client(control::SetTimingPackets{0}));
  check("0b bad", s.from_client(control::SetTimingPackets{2}));
  check("0c local time", s.from_client(control::GetLocalTime{}));
  check("11 set_default_ll 6", s.from_client(control::SetDefaultLogLevel{6}));
  check("11 bad", s.from_client(control::SetDefaultLogLevel{9}));
  check("12 set_default_ts", s.from_client(control::SetDefaultTraceStatus{1}));
  check("14 overflow", s.from_client(control::GetMessageBufferOverflow{}));
  check("f05 logstorage off", s.from_client(control::OfflineLogstorage{}));
  check("f06", s.from_client(control::PassiveNodeConnect{}));
  check("f07", s.from_client(control::GetPassiveNodeStatus{}));
  check("f08 set all ll", s.from_client(control::SetAllLogLevel{3}));
  check("f09 set all ts", s.from_client(control::SetAllTraceStatus{0}));
}

TEST_CASE("an injection goes to its context and is answered as the incumbent answers it") {
  Session s;
  register_golden_application(s);
  check("injection 0x1000", s.from_client(control::Injection{0x1000, proto::as_bytes("hello")}, "GOLD", "CTX1"));
  check("injection bad ctx", s.from_client(control::Injection{0xfff, {}}, "NONE", "CTX1"));
}

TEST_CASE("injections can be forbidden") {
  Session s;
  register_golden_application(s);
  s.exchange().control.set_options({"ECU1", false, 7, "", {4, 0}});
  const auto answers = s.from_client(control::Injection{0x1000, {}}, "GOLD", "CTX1");
  REQUIRE(answers.client.size() == 1);
  CHECK(answers.client[0].substr(answers.client[0].size() - 14) == "00 10 00 00 03");
  CHECK(answers.app.empty());
}

TEST_CASE("levels outside their range are refused and change nothing") {
  Session s;
  register_golden_application(s);
  for (const std::int8_t level : {std::int8_t{7}, std::int8_t{-2}, std::int8_t{127}}) {
    const auto answers = s.from_client(control::SetLogLevel{"GOLD", "CTX1", level});
    REQUIRE(answers.client.size() == 1);
    CHECK(answers.client[0].substr(answers.client[0].size() - 14) == "01 00 00 00 02");
    CHECK(answers.app.empty());
  }
}

TEST_CASE("a star matches the beginning of an id") {
  Session s;
  register_golden_application(s);
  CHECK(s.from_client(control::SetLogLevel{"GO*", "", 1}).client.size() == 2);
  CHECK(s.from_client(control::SetLogLevel{"XO*", "", 1}).client.empty());
  CHECK(s.from_client(control::SetLogLevel{"", "CTX2", 1}).client.size() == 1);
}

TEST_CASE("timing packets are switched, the version is told, what is no request leads to nothing") {
  Session s;
  Outcome outcome;
  s.exchange().control.handle(proto::as_bytes(request(control::SetTimingPackets{1})), 0, outcome);
  CHECK(outcome.timing == true);
  CHECK(to_hex(s.exchange().control.time(0)).substr(36, 5) == "36 00");

  const auto version = s.from_client(control::GetSoftwareVersion{}).client;
  REQUIRE(version.size() == 1);
  CHECK(version[0].find(to_hex(proto::as_bytes("dlt-daemon test"))) != std::string::npos);

  Outcome nothing;
  s.exchange().control.handle(proto::as_bytes(frame(1)), 0, nothing);
  s.exchange().control.handle(proto::as_bytes(request(control::GetLogInfo{}).substr(0, 24)), 0, nothing);
  CHECK(nothing.replies.empty());
}

TEST_CASE("a request for a logstorage device is handed on, to be answered later") {
  Registry registry{Defaults{}};
  Control::Options options;
  options.logstorage = true;
  Control answering(registry, options);
  const auto ask = [&](std::uint8_t what) {
    Outcome out;
    answering.handle(proto::as_bytes(request(control::OfflineLogstorage{"/mnt/usb", what})), 0, out);
    return out;
  };
  const Outcome asked = ask(1);
  CHECK(asked.replies.empty());
  REQUIRE(asked.logstorage.size() == 1);
  CHECK(asked.logstorage[0].kind == LogstorageRequest::Kind::connect);
  CHECK(asked.logstorage[0].path == "/mnt/usb");
  const Outcome wrong = ask(3);
  CHECK(wrong.logstorage.empty());
  REQUIRE(wrong.replies.size() == 1);
  CHECK(to_hex(wrong.replies[0]).ends_with("05 0f 00 00 02"));
  CHECK(to_hex(answering.logstorage(control::Status::warning, 0)).ends_with("05 0f 00 00 04"));
}

TEST_CASE("requests about passive nodes are handed on where there is a gateway") {
  Session s;
  Control::Options options;
  options.gateway = true;
  s.exchange().control.set_options(options);
  Outcome out;
  const auto handle = [&](const control::Request& r) {
    s.exchange().control.handle(proto::as_bytes(request(r)), 0, out);
  };
  handle(control::PassiveNodeConnect{1, "ECU2"});
  handle(control::PassiveNodeConnect{0, "ECU3"});
  handle(control::GetPassiveNodeStatus{});
  CHECK(out.replies.empty());
  REQUIRE(out.nodes.size() == 3);
  CHECK(out.nodes[0].kind == NodeRequest::Kind::connect);
  CHECK(out.nodes[0].node == EcuId("ECU2"));
  CHECK(out.nodes[1].kind == NodeRequest::Kind::disconnect);
  CHECK(out.nodes[2].kind == NodeRequest::Kind::status);
  handle(control::PassiveNodeConnect{2, "ECU2"});
  CHECK(out.nodes.size() == 3);
  CHECK(out.replies.size() == 1);
}

TEST_CASE("a request with the ECU id of a passive node is handed on as it came") {
  Session s;
  Control::Options options;
  options.gateway = true;
  options.nodes = {"ECU2"};
  s.exchange().control.set_options(options);
  const auto bytes = [](EcuId ecu, std::endian order) {
    control::Envelope envelope;
    envelope.ecu = ecu;
    envelope.order = order;
    return *control::frame(control::GetSoftwareVersion{}, envelope);
  };
  Outcome out;
  for (const auto order : {std::endian::little, std::endian::big}) {
    const auto frame = bytes("ECU2", order);
    s.exchange().control.handle(frame, 0, out);
    REQUIRE_FALSE(out.forwarded.empty());
    CHECK(out.forwarded.back().node == EcuId("ECU2"));
    CHECK(out.forwarded.back().service == control::Service::get_software_version);
    CHECK(out.forwarded.back().frame == frame);
  }
  CHECK(out.replies.empty());
  s.exchange().control.handle(bytes("ECU1", std::endian::little), 0, out);
  s.exchange().control.handle(bytes("ECU9", std::endian::little), 0, out);
  CHECK(out.forwarded.size() == 2);
  CHECK(out.replies.size() == 2);
  auto cut = bytes("ECU2", std::endian::little);
  cut.pop_back();
  s.exchange().control.handle(cut, 0, out);  // it does not even name a service
  CHECK(out.forwarded.size() == 2);
}
