#include "dlt/proto/control.hpp"

#include <catch2/catch.hpp>

#include <string>

#include "dlt/proto/local.hpp"
#include "support/golden.hpp"

using namespace dlt;
using namespace dlt::proto;
using namespace dlt::proto::control;
using dlt::test::from_hex;
using dlt::test::to_hex;

namespace {

template <class Message>
std::vector<std::byte> payload_of(const Message& message, std::endian order = std::endian::little) {
  std::vector<std::byte> bytes(encoded_size(message));
  ByteWriter out(bytes);
  encode(out, message, order);
  REQUIRE(out.ok());
  REQUIRE(out.size() == bytes.size());
  return bytes;
}

std::string golden(const std::string& what) {
  for (const auto& line : test::read_golden("control-session.txt"))
    if (line.at(0) == "client" && line.at(1) == what && line.at(2) == "26") return line.at(6);
  throw std::runtime_error("not in the golden session: " + what);
}

LogInfo::Context ctx1(std::int8_t level, std::int8_t trace) { return {"CTX1", level, trace, "ctx 1"}; }
LogInfo::Context ctx2(std::int8_t level, std::int8_t trace) { return {"CTX2", level, trace, ""}; }
LogInfo log_info(std::uint8_t options) { return {options, {{"GOLD", {ctx1(4, 1), ctx2(4, 1)}, "golden a"}}, remote}; }

constexpr std::string_view version_text =
    "DLT Package Version: 2.18.8 STABLE, Package Revision: , build on Jan 10 2023 14:36:58\n"
    "+SYSTEMD -SYSTEMD_WATCHDOG -TEST -SHM\n";

// What each response of the golden session says, in our words.
std::vector<std::pair<std::string, Response>> golden_responses() {
  const LogInfo first{7, {{"GOLD", {{"CTX1", -1, -1, "ctx 1"}}, "golden a"}}, remote};
  const LogInfo second{7, {{"GOLD", {{"CTX2", 3, 0, ""}}, "golden a"}}, remote};
  const auto plain = [](std::uint32_t service, Status status) { return Plain{static_cast<Service>(service), status}; };
  return {
      {"on connect", ConnectionInfo{}},
      {"register ctx", first},
      {"register ctx ll=3", second},
      {"overflow 77", MessageBufferOverflow{Status::ok, 1, 77}},
      {"marker(+1 byte)", Marker{}},
      {"01 set_log_level", plain(0x01, Status::ok)},
      {"01 unknown", plain(0x01, Status::error)},
      {"02 set_trace_status", plain(0x02, Status::ok)},
      {"03 get_log_info opt 3", log_info(3)},
      {"03 get_log_info opt 4", log_info(4)},
      {"03 get_log_info opt 5", log_info(5)},
      {"03 get_log_info opt 6", log_info(6)},
      {"03 get_log_info opt 7", log_info(7)},
      {"03 all", log_info(7)},
      {"03 none", NoLogInfo{}},
      {"03 bad opt", plain(0x03, Status::error)},
      {"04 get_default_log_level", DefaultLogLevel{Status::ok, 4}},
      {"05 store_config", plain(0x05, Status::ok)},
      {"06 reset_to_factory", plain(0x06, Status::ok)},
      {"07", plain(0x07, Status::not_supported)},
      {"0b timing packets off", plain(0x0b, Status::ok)},
      {"0b bad", plain(0x0b, Status::error)},
      {"0c local time", plain(0x0c, Status::ok)},
      {"10", plain(0x10, Status::not_supported)},
      {"11 set_default_ll 6", plain(0x11, Status::ok)},
      {"12 set_default_ts", plain(0x12, Status::ok)},
      {"13 sw version", SoftwareVersion{Status::ok, version_text}},
      {"14 overflow", MessageBufferOverflow{}},
      {"15 unknown", plain(0x15, Status::not_supported)},
      {"f01", plain(0xf01, Status::not_supported)},
      {"f05 logstorage off", plain(0xf05, Status::error)},
      {"f06", plain(0xf07, Status::error)},
      {"f08 set all ll", plain(0xf08, Status::ok)},
      {"f09 set all ts", plain(0xf09, Status::ok)},
      {"injection 0x1000", plain(0x1000, Status::ok)},
      {"injection bad ctx", plain(0xfff, Status::error)},
      {"unregister ctx", ContextUnregistered{Status::ok, "GOLD", "CTX2", remote}},
  };
}

// One of each request, with fields that cannot be mistaken for each other.
std::vector<Request> one_of_each_request(Bytes data) {
  return {SetLogLevel{"APPA", "CTXB", 5, remote},
          SetTraceStatus{"APPA", "CTXB", -1, remote},
          GetLogInfo{6, "APPA", "CTXB", remote},
          GetDefaultLogLevel{},
          StoreConfig{},
          ResetToFactoryDefault{},
          SetTimingPackets{1},
          GetLocalTime{},
          SetDefaultLogLevel{6, remote},
          SetDefaultTraceStatus{1, remote},
          GetSoftwareVersion{},
          GetMessageBufferOverflow{},
          OfflineLogstorage{"/media/usb", 2, remote},
          PassiveNodeConnect{1, "ECU2"},
          GetPassiveNodeStatus{},
          SetAllLogLevel{3, remote},
          SetAllTraceStatus{0, remote},
          SetClientFilter{"NAVI:*:warn\n!:NOIS"},
          TakeSnapshot{"APPA"},
          GatewayLink{0x0102030405060708, "GATE", 0x1112131415161718, 4711},
          GatewayReceived{0xffff'ffff'0001},
          Injection{0x1001, data},
          OtherRequest{Service::set_verbose_mode, data},
          OtherRequest{static_cast<Service>(0x15), data}};
}

std::vector<Response> one_of_each_response() {
  return {Plain{Service::store_config, Status::error},
          log_info(7),
          NoLogInfo{NoLogInfo::Reason::overflow, remote},
          DefaultLogLevel{Status::ok, 4},
          SoftwareVersion{Status::ok, "version"},
          MessageBufferOverflow{Status::ok, 1, 0x01020304},
          ContextUnregistered{Status::ok, "APPA", "CTXB", remote},
          ConnectionInfo{Status::ok, ConnectionInfo::disconnected, {}},
          Timezone{Status::ok, -3600, 1},
          Marker{},
          PassiveNodeStatus{Status::ok, {{"ECU2", 2}, {"ECU3", 1}}},
          Snapshots{Status::error, 2, "/a.dlt.zst\nno room"},
          GatewayLinked{Status::ok, 0x0102030405060708, 0x1112131415161718, 4711, 1}};
}

}  // namespace

TEST_CASE("responses are encoded to the bytes of the incumbent's session") {
  for (const auto& [what, response] : golden_responses()) {
    INFO(what);
    CHECK(to_hex(payload_of(response)) == golden(what));
  }
}

TEST_CASE("the incumbent's responses decode to what they mean") {
  for (const auto& [what, response] : golden_responses()) {
    INFO(what);
    const auto bytes = from_hex(golden(what));

    const auto decoded = decode_response(bytes);

    REQUIRE(decoded);
    CHECK(decoded->index() == response.index());
    CHECK(service_of(*decoded) == service_of(response));
    CHECK(to_hex(payload_of(*decoded)) == golden(what));
  }
}

TEST_CASE("fields of a decoded log info are where they belong") {
  const auto bytes = from_hex(golden("03 get_log_info opt 7"));

  const auto decoded = decode_response(bytes);

  REQUIRE(decoded);
  const auto& info = std::get<LogInfo>(*decoded);
  REQUIRE(info.applications.size() == 1);
  CHECK(info.applications[0].id == AppId("GOLD"));
  CHECK(info.applications[0].description == "golden a");
  REQUIRE(info.applications[0].contexts.size() == 2);
  CHECK(info.applications[0].contexts[0].id == ContextId("CTX1"));
  CHECK(info.applications[0].contexts[0].level == 4);
  CHECK(info.applications[0].contexts[0].trace_status == 1);
  CHECK(info.applications[0].contexts[0].description == "ctx 1");
  CHECK(info.applications[0].contexts[1].description.empty());
}

TEST_CASE("every control frame of the golden session is known") {
  int frames = 0;
  for (const auto& line : test::read_golden("control-session.txt")) {
    if (line.at(0) != "client" || line.at(2) != "26") continue;
    ++frames;
    INFO(line.at(1));
    const auto bytes = from_hex(line.at(6));
    const auto decoded = decode_response(bytes);
    REQUIRE(decoded);
    CHECK(to_hex(payload_of(*decoded)) == line.at(6));
    CHECK(line.at(3) == "1");
  }
  CHECK(frames == 49);
}

TEST_CASE("a request frame is the one that the incumbent accepted") {
  std::string expected;
  for (const auto& line : test::read_golden("control-session.txt"))
    if (line.at(0) == "raw" && line.at(1) == "set_log_level request") expected = line.at(2);

  const auto bytes = frame(Request{SetLogLevel{"GOLD", "CTX1", 5, remote}}, Envelope{.ecu = "ECU1", .timestamp = 1});

  REQUIRE(bytes);
  CHECK(to_hex(*bytes) == expected);
}

TEST_CASE("a response frame is the one that the incumbent sent") {
  std::string expected;
  for (const auto& line : test::read_golden("control-session.txt"))
    if (line.at(0) == "raw" && line.at(1) == "first response") expected = line.at(2);

  const auto bytes = frame(Response{ConnectionInfo{}}, Envelope{.ecu = "ECU1", .timestamp = 0x01a7bf6e});

  REQUIRE(bytes);
  CHECK(to_hex(*bytes) == expected);
}

TEST_CASE("the control time frame has 22 bytes, no arguments and empty ids") {
  CHECK(to_hex(time_frame(Envelope{.ecu = "ECU1", .timestamp = 2})) ==
        "35 00 00 16 45 43 55 31 00 00 00 02 36 00 00 00 00 00 00 00 00 00");
}

TEST_CASE("each request survives the trip in both byte orders") {
  const auto data = from_hex("68 65 6c 6c 6f");
  for (const auto order : {std::endian::little, std::endian::big}) {
    for (const auto& request : one_of_each_request(data)) {
      INFO(name(service_of(request)));
      const auto bytes = payload_of(request, order);

      const auto decoded = decode_request(bytes, order);

      REQUIRE(decoded);
      CHECK(decoded->index() == request.index());
      CHECK(service_of(*decoded) == service_of(request));
      CHECK(to_hex(payload_of(*decoded, order)) == to_hex(bytes));
    }
  }
}

TEST_CASE("each response survives the trip in both byte orders") {
  for (const auto order : {std::endian::little, std::endian::big}) {
    for (const auto& response : one_of_each_response()) {
      INFO(name(service_of(response)));
      const auto bytes = payload_of(response, order);

      const auto decoded = decode_response(bytes, order);

      REQUIRE(decoded);
      CHECK(decoded->index() == response.index());
      CHECK(to_hex(payload_of(*decoded, order)) == to_hex(bytes));
    }
  }
}

TEST_CASE("a big endian injection has its service and length turned") {
  const auto data = from_hex("aa");
  CHECK(to_hex(payload_of(Request{Injection{0x1000, data}}, std::endian::big)) == "00 00 10 00 00 00 00 01 aa");
}

TEST_CASE("a request cut at any length is truncated or has lost only its free data") {
  const auto data = from_hex("68 65 6c 6c 6f");
  for (const auto& request : one_of_each_request(data)) {
    INFO(name(service_of(request)));
    const auto bytes = payload_of(request);
    const bool free_form = std::holds_alternative<OtherRequest>(request);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const auto decoded = decode_request(Bytes(bytes).first(n));
      if (free_form && n >= 4) CHECK(decoded);
      else CHECK(decoded.error() == Errc::truncated);
    }
  }
}

TEST_CASE("a response cut at any length is truncated, or a status alone") {
  for (const auto& response : one_of_each_response()) {
    INFO(name(service_of(response)));
    const auto bytes = payload_of(response);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const auto decoded = decode_response(Bytes(bytes).first(n));
      if (n == 5) CHECK(std::holds_alternative<Plain>(*decoded));
      else CHECK(decoded.error() == Errc::truncated);
    }
  }
}

TEST_CASE("an injection that announces more than there is is truncated") {
  const auto bytes = from_hex("00 10 00 00 ff ff ff ff aa");
  CHECK(decode_request(bytes).error() == Errc::truncated);
}

TEST_CASE("more passive nodes than the fields hold are refused") {
  auto bytes = payload_of(Response{PassiveNodeStatus{Status::ok, {{"ECU2", 2}}}});
  bytes[5] = std::byte{26};
  CHECK(decode_response(bytes).error() == Errc::bad_length);
}

TEST_CASE("a log info that fits no frame becomes the overflow answer") {
  LogInfo info{3, {{"APPA", std::vector<LogInfo::Context>(17000), ""}}, remote};

  const auto bytes = frame(Response{info}, Envelope{.ecu = "ECU1"});

  REQUIRE(bytes);
  CHECK(to_hex(Bytes(*bytes).subspan(22)) == "03 00 00 00 09 72 65 6d 6f 00 00");
}

TEST_CASE("a request that fits no frame is refused") {
  const std::vector<std::byte> data(65535);
  CHECK(frame(Request{Injection{0x1000, data}}, Envelope{}).error() == Errc::too_large);
}

TEST_CASE("what the incumbent's daemon sends to an application decodes and encodes to the same bytes") {
  int lines = 0;
  for (const auto& line : test::read_golden("control-session.txt")) {
    if (line.at(0) != "app") continue;
    ++lines;
    INFO(line.at(1));
    const auto bytes = from_hex(line.at(2));
    std::vector<std::byte> again(bytes.size());
    ByteWriter out(again);
    for (std::size_t at = 0; at < bytes.size();) {
      std::size_t used = 0;
      const auto message = local::decode(Bytes(bytes).subspan(at), used);
      REQUIRE(message);
      local::encode(out, *message);
      at += used;
    }
    CHECK(to_hex(out.written()) == line.at(2));
  }
  CHECK(lines == 9);
}

TEST_CASE("a marker is a marker whatever follows it") {
  const auto decoded = decode_response(from_hex("04 0f 00 00 00 05 0f"));
  REQUIRE(decoded);
  CHECK(std::holds_alternative<Marker>(*decoded));
}
