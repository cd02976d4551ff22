#include "tools/columns.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "dlt-daemon/support/wire.hpp"
#include "dlt/proto/argument.hpp"
#include "tools/cbor.hpp"

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
    "fields": {"speed": 18446744073709551615, "reason": "works"},
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
  CHECK(csv_text(frame) == "2023-11-14T22:13:20.123456Z,,,,,,,9,,77,[],,\"77, 01 02\"");
}

TEST_CASE("CSV has the columns of JSON in their order, and quotes what needs it") {
  std::string names;
  append_csv_names(names);
  CHECK(names == "time,timestamp_s,ecu,app,context,type,level,counter,session,message_id,args,fields,text");
  CHECK(csv_text(message({proto::argument("say \"hi\", you")})) ==
        "2023-11-14T22:13:20.123456Z,12.3456,ECU1,NAVI,ROUT,log,info,7,4711,,"
        R"("[{""type"":""string"",""value"":""say \""hi\"", you""}]",,"say ""hi"", you")");
}

TEST_CASE("CSV is UTF-8 whatever a message holds, as JSON is") {
  const auto frame = message({proto::argument("gr\xfc\xdf \xc3\xa4")});

  const std::string csv = csv_text(frame);

  const json text = json::parse(json_text(frame))["text"];
  CHECK(csv.ends_with("," + text.get<std::string>()));
  CHECK_NOTHROW(json(csv).dump());  // refuses what is no UTF-8
}

TEST_CASE("no cell of CSV is a formula to a spreadsheet, and what stood there can be had again") {
  const auto cell = [](std::string_view text) {
    const std::string line = csv_text(message({proto::argument(text)}));
    return line.substr(line.rfind(",,") + 2);  // behind the fields, of which there are none
  };
  CHECK(cell("=1+1") == "'=1+1");
  CHECK(cell("+1") == "'+1");
  CHECK(cell("-1") == "'-1");
  CHECK(cell("@SUM(1)") == "'@SUM(1)");
  CHECK(cell("\t=1") == "'\t=1");
  CHECK(cell("=HYPERLINK(\"x\")") == "\"'=HYPERLINK(\"\"x\"\")\"");
  CHECK(cell("\uff1d1") == "'\uff1d1");  // full width, as some spreadsheets take them
  CHECK(cell("'x") == "''x");            // one ' in front is ours, always
  CHECK(cell("1-1") == "1-1");
  CHECK(json::parse(json_text(message({proto::argument("=1+1")})))["text"] == "=1+1");

  auto ids = message({});
  const auto at = ids.size() - 8;
  ids[at] = std::byte{'='};
  CHECK(csv_text(ids).find(",'=AVI,") != std::string::npos);
}

TEST_CASE("keys and the values behind them are fields, whatever stands around them") {
  const auto fields = [](std::initializer_list<proto::Argument> arguments) {
    return json::parse(json_text(message(arguments)))["fields"];
  };
  using proto::argument;
  CHECK(fields({argument("detour"), argument("reason="), argument("works"), argument("km="), argument(1.5)}) ==
        json({{"reason", "works"}, {"km", 1.5}}));
  CHECK(fields({argument("pos="), argument("pos.lat="), argument(52.5), argument("pos.at="), argument("pos.at.s="),
                argument(std::uint32_t{3})}) == json({{"pos.lat", 52.5}, {"pos.at.s", 3}}));
  CHECK(fields({argument("token="), argument("YWJj="), argument("tokens=")}) == json({{"token", "YWJj="}}));
  CHECK(fields({argument("a="), argument(std::int32_t{1}), argument("b="), argument(true), argument("a="),
                argument("again")}) == json({{"a", "again"}, {"b", true}}));
  CHECK(fields({argument("="), argument("z")}).is_null());  // a key has characters
  CHECK(fields({argument("x y="), argument("value"), argument("no key"), argument(std::int32_t{1})}).is_null());
  CHECK(fields({argument("last=")}).is_null());
}

TEST_CASE("a message in CBOR is the same map, with bytes and numbers as they are") {
  const std::byte raw[] = {std::byte{1}, std::byte{0xff}};
  const auto frame = message({proto::argument(std::uint64_t{18446744073709551615U}).with_name("speed", "km/h"),
                              proto::argument("data="), proto::argument(proto::Bytes(raw)), proto::argument(NAN),
                              proto::argument("\xff\x1b")});
  std::string bytes;
  append_cbor(bytes, {*proto::MessageView::parse(frame), received});

  json item = json::from_cbor(bytes);

  json expected = json::parse(json_text(frame));
  CHECK(std::isnan(item["args"][3]["value"].get<double>()));
  CHECK(item["args"][2]["value"] == json::binary({1, 0xff}));
  CHECK(item["fields"]["data"] == json::binary({1, 0xff}));
  item["args"][3]["value"] = nullptr;
  item["args"][2]["value"] = "01 ff";
  item["fields"]["data"] = "01 ff";
  CHECK(item == expected);
}

TEST_CASE("CBOR of a message that ends too early, or has no names, is well-formed") {
  auto frame = message({proto::argument(std::int32_t{1}), proto::argument("text")});
  for (std::size_t size = 26; size < frame.size(); ++size) {
    auto cut = std::vector(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    proto::store_be(cut.data() + 2, static_cast<std::uint16_t>(size));
    std::string bytes;
    append_cbor(bytes, {*proto::MessageView::parse(cut), received});
    const json item = json::from_cbor(bytes);
    CHECK(item["args"].back()["type"] == "unreadable");
    CHECK(item["fields"].is_null());
  }
}

TEST_CASE("a name that is no UTF-8 is a field of the same key in CBOR and in JSON") {
  const auto frame = message({proto::argument(std::int32_t{1}).with_name("sp\xff", "km")});
  std::string bytes;

  append_cbor(bytes, {*proto::MessageView::parse(frame), received});

  CHECK(json::from_cbor(bytes) == json::parse(json_text(frame)));
}

TEST_CASE("control messages and traces are named by their kind") {
  CHECK(json::parse(json_text(message({}, 0x26)))["level"] == "response");
  CHECK(json::parse(json_text(message({}, 0x26)))["type"] == "control");
  CHECK(json::parse(json_text(message({}, 0x23)))["type"] == "app_trace");
  CHECK(json::parse(json_text(message({}, 0x23)))["level"] == "func_in");
}
