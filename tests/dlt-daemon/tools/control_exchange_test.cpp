#include "tools/control_exchange.hpp"

#include <catch2/catch.hpp>

#include "dlt/proto/framer.hpp"
#include "dlt/proto/message.hpp"
#include "tools/control_words.hpp"

using namespace dlt;
using namespace dlt::tools;
namespace control = proto::control;
using control::Service;
using control::Status;

namespace {

bool take(ControlExchange& exchange, const control::Response& response) {
  return exchange.take(*control::frame(response, {.ecu = "ECU1", .timestamp = 12'345}));
}

const control::Response fence = control::Plain{Service::get_local_time, Status::ok};

}  // namespace

TEST_CASE("a request with one answer is complete with it, and passes over everything else") {
  ControlExchange e({control::SetDefaultLogLevel{4}, {}, {}, "RECV"});
  CHECK_FALSE(take(e, control::ConnectionInfo{}));
  CHECK_FALSE(take(e, control::LogInfo{7, {}}));
  CHECK_FALSE(take(e, fence));
  CHECK(take(e, control::Plain{Service::set_default_log_level, Status::ok}));
  CHECK(e.answers() == 1);
  CHECK_FALSE(e.refusal());
}

TEST_CASE("a refusal is kept, also among answers that are none") {
  ControlExchange e({control::SetLogLevel{"NAV*", {}, 4}, {}, {}, "RECV"});
  CHECK_FALSE(take(e, control::Plain{Service::set_log_level, Status::ok}));
  CHECK_FALSE(take(e, control::Plain{Service::set_log_level, Status::error}));
  CHECK_FALSE(take(e, control::Plain{Service::set_log_level, Status::ok}));
  CHECK(take(e, fence));
  CHECK(e.answers() == 3);
  CHECK(e.refusal() == Status::error);
}

TEST_CASE("a level for many contexts that none answers is complete with the fence") {
  ControlExchange e({control::SetLogLevel{"NAVI", {}, 4}, {}, {}, "RECV"});
  CHECK(take(e, fence));
  CHECK(e.answers() == 0);
}

TEST_CASE("a trace status that the incumbent refuses in the name of a log level is refused") {
  ControlExchange e({control::SetTraceStatus{"NAVI", "NONE", 1}, {}, {}, "RECV"});
  CHECK(take(e, control::Plain{Service::set_log_level, Status::error}));
  CHECK(e.refusal() == Status::error);
}

TEST_CASE("a list that comes in pages is put together, each context once") {
  ControlExchange e({control::GetLogInfo{}, {}, {}, "RECV"});
  CHECK_FALSE(take(e, control::LogInfo{7, {{"NAVI", {{"ROUT", 4, 0, "routes"}}, "navigation"}}}));
  CHECK_FALSE(take(e, control::LogInfo{7, {{"NAVI", {{"MAPS", -1, 1, "maps"}, {"ROUT", 5, 0, "routes"}}, ""}}}));
  CHECK_FALSE(take(e, control::LogInfo{7, {{"MEDI", {{"PLAY", 2, -1, "a\x1b"}}, "media"}}}));
  CHECK(take(e, fence));

  CHECK(list_table(e.listed()) ==
        "APP   CONTEXT  LEVEL    TRACE    DESCRIPTION\n"
        "NAVI                             navigation\n"
        "      ROUT     debug    off      routes\n"
        "      MAPS     default  on       maps\n"
        "MEDI                             media\n"
        "      PLAY     error    default  a\\x1b\n");
  CHECK(list_json(e.listed()).find(R"("context": "MAPS")") != std::string::npos);
}

TEST_CASE("what is sent is the request, and the fence where there may be many answers") {
  const auto frames = [](const control::Request& r, bool serial) {
    const ControlExchange e({r, {}, {}, "RECV", serial});
    proto::Framer framer;
    framer.feed(e.to_send());
    std::vector<Service> services;
    while (const auto f = framer.next())
      services.push_back(control::service_of(*control::decode_request(proto::MessageView::parse(f->bytes)->payload())));
    CHECK(framer.skipped_bytes() == 0);
    return services;
  };
  using Services = std::vector<Service>;
  CHECK(frames(control::SetLogLevel{"NAVI", "ROUT", 4}, false) == Services{Service::set_log_level});
  CHECK(frames(control::SetLogLevel{"NAVI", "R*", 4}, true) ==
        Services{Service::set_log_level, Service::get_local_time});
  CHECK(frames(control::GetLogInfo{}, false) == Services{Service::get_log_info, Service::get_local_time});
  CHECK(frames(control::GetSoftwareVersion{}, true) == Services{Service::get_software_version});
}

TEST_CASE("values that a daemon tells are said in words and in JSON") {
  ControlExchange version({control::GetSoftwareVersion{}, {}, {}, "RECV"});
  CHECK(take(version, control::SoftwareVersion{Status::ok, "1.2\n"}));
  CHECK(success_words(version, "") == "1.2\\x0a");

  ControlExchange level({control::GetDefaultLogLevel{}, {}, {}, "RECV"});
  CHECK(take(level, control::DefaultLogLevel{Status::ok, 5}));
  CHECK(success_words(level, "") == "debug");

  ControlExchange time({control::GetLocalTime{}, {}, {}, "RECV"});
  CHECK(take(time, fence));
  CHECK(success_words(time, "") == "1.2345 s since the daemon's machine started");
  CHECK(result_json(time, "").find("\"value\": 1.2345") != std::string::npos);
}

TEST_CASE("bytes that are no control response are passed over") {
  ControlExchange e({control::GetSoftwareVersion{}, {}, {}, "RECV"});
  const auto frame = *control::frame(control::SoftwareVersion{Status::ok, "1"}, {});
  for (std::size_t size = 0; size < frame.size(); ++size) CHECK_FALSE(e.take(proto::Bytes(frame).first(size)));
  CHECK(e.answers() == 0);
}

TEST_CASE("what a gateway passes on of its nodes is no answer of its own, but where a node was asked") {
  const auto from = [](ControlExchange& e, EcuId ecu, const control::Response& r) {
    return e.take(*control::frame(r, {.ecu = ecu, .timestamp = 1}));
  };
  const control::Response level = control::DefaultLogLevel{Status::ok, 4};
  ControlExchange own({control::GetDefaultLogLevel{}, {}, {}, "RECV"});
  CHECK_FALSE(from(own, "GATE", control::ConnectionInfo{}));
  CHECK_FALSE(from(own, "ECU2", control::ConnectionInfo{}));
  CHECK_FALSE(from(own, "ECU2", level));
  CHECK(from(own, "GATE", level));
  ControlExchange of_node({control::GetDefaultLogLevel{}, {}, {}, "ECU2"});
  CHECK_FALSE(from(of_node, "GATE", control::ConnectionInfo{}));
  CHECK_FALSE(from(of_node, "ECU3", level));
  CHECK(from(of_node, "ECU2", level));
}
