#include "tools/columns.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dlt-daemon/support/wire.hpp"
#include "dlt/proto/argument.hpp"

using namespace dlt;
using namespace dlt::tools;
using nlohmann::json;

namespace {

std::vector<std::byte> message(std::initializer_list<proto::Argument> arguments, std::uint8_t msin = 0x41) {
  std::vector<std::byte> bytes(4096);
  proto::ByteWriter body{std::span(bytes).subspan(26)};
  for (const auto& a : arguments) proto::encode_argument(body, a, std::endian::little);
  proto::StandardHeader standard;
  standard.counter = 7;
  standard.ecu = "ECU1";
  standard.session = 4711;
  standard.timestamp = 123'456;
  standard.length = static_cast<std::uint16_t>(26 + body.size());
  proto::ByteWriter out(bytes);
  standard.encode(out);
  proto::ExtendedHeader{msin, static_cast<std::uint8_t>(arguments.size()), "NAVI", "ROUT"}.encode(out);
  bytes.resize(standard.length);
  return bytes;
}

constexpr proto::StorageHeader received{1'700'000'000, 123'456, {}};

std::string json_text(const std::vector<std::byte>& frame) {
  std::string out;
  append_json(out, {*proto::MessageView::parse(frame), received});
  return out;
}
std::string csv_text(const std::vector<std::byte>& frame) {
  std::string out;
  append_csv(out, {*proto::MessageView::parse(frame), received});
  return out;
}

}  // namespace

TEST_CASE("a message in JSON has its headers, typed arguments and text") {
  const std::byte raw[] = {std::byte{1}, std::byte{0xff}};
  const auto frame = message({proto::argument(true), proto::argument(std::int32_t{-5}),
                              proto::argument(std::uint64_t{18446744073709551615U}).with_name("speed", "km/h"),
                              proto::argument(0.5), proto::argument("a \"b\" \xc3\xa9\n"),
                              proto::argument(proto::Bytes(raw)), proto::argument("works").with_name("reason")});

  const json shown = json::parse(json_text(frame));

  const json expected = json::parse(R"({
    "time": "2023-11-14T22:13:20.123456Z", "timestamp_s": 12.3456, "ecu": "ECU1", "app": "NAVI", "context": "ROUT",
    "type": "log", "level": "info", "counter": 7, "session": 4711, "message_id": null,
    "args": [{"type": "bool", "value": true}, {"type": "int", "value": -5},
             {"type": "uint", "value": 18446744073709551615, "name": "speed", "unit": "km/h"},
             {"type": "float", "value": 0.5}, {"type": "string", "value": "a \"b\" é\n"},
             {"type": "raw", "value": "01 ff"}, {"type": "string", "value": "works", "name": "reason"}],
    "text": "1 -5 18446744073709551615 0.5 a \"b\" é  01'ff works"})");
  CHECK(shown == expected);
}

TEST_CASE("what JSON cannot say becomes null or a replacement, never bad JSON") {
  const json shown = json::parse(json_text(message({proto::argument(NAN), proto::argument("\xff\x1b")})));
  CHECK(shown["args"][0]["value"].is_null());
  CHECK(shown["args"][1]["value"] == "\xef\xbf\xbd\x1b");
}

TEST_CASE("a payload that ends too early ends its arguments, and says so") {
  auto frame = message({proto::argument(std::int32_t{1}), proto::argument("text")});
  for (std::size_t size = 26; size < frame.size(); ++size) {
    auto cut = std::vector(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    proto::store_be(cut.data() + 2, static_cast<std::uint16_t>(size));
    const json shown = json::parse(json_text(cut));
    CHECK(shown["args"].back()["type"] == "unreadable");
  }
}

TEST_CASE("what a message does not have is null in JSON and empty in CSV") {
  const std::string bare("\x20\x09\x00\x0a\x4d\x00\x00\x00\x01\x02", 10);
  const auto bytes = proto::as_bytes(bare);
  const std::vector<std::byte> frame(bytes.begin(), bytes.end());
  const json shown = json::parse(json_text(frame));
  for (const char* name : {"timestamp_s", "ecu", "app", "context", "type", "level", "session"})
    CHECK(shown[name].is_null());
  CHECK(shown["message_id"] == 77);
  CHECK(csv_text(frame) == "2023-11-14T22:13:20.123456Z,,,,,,,9,,77,[],\"77, 01 02\"");
}

TEST_CASE("CSV has the columns of JSON in their order, and quotes what needs it") {
  std::string names;
  append_csv_names(names);
  CHECK(names == "time,timestamp_s,ecu,app,context,type,level,counter,session,message_id,args,text");
  CHECK(csv_text(message({proto::argument("say \"hi\", you")})) ==
        "2023-11-14T22:13:20.123456Z,12.3456,ECU1,NAVI,ROUT,log,info,7,4711,,"
        R"("[{""type"":""string"",""value"":""say \""hi\"", you""}]","say ""hi"", you")");
}

TEST_CASE("control messages and traces are named by their kind") {
  CHECK(json::parse(json_text(message({}, 0x26)))["level"] == "response");
  CHECK(json::parse(json_text(message({}, 0x26)))["type"] == "control");
  CHECK(json::parse(json_text(message({}, 0x23)))["type"] == "app_trace");
  CHECK(json::parse(json_text(message({}, 0x23)))["level"] == "func_in");
}
