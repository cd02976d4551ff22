// One structured message as DLT, as CBOR and as JSON, each with zstd behind it: time and bytes for each message,
// writing and reading apart, and what comes back must be what went in.
//
// DLT is written and read by proto; CBOR and JSON are written from a DLT message, as `dlt-daemon cat --format` does it,
// and read by nlohmann::json. zstd has level 1 and frames of 256 KiB, as in the daemon's files. One thread.
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>

#include "cases.hpp"
#include "dlt/proto/message.hpp"
#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/json.hpp"
#include "harness/measure.hpp"
#include "harness/report.hpp"
#include "harness/texts.hpp"
#include "tools/cbor.hpp"
#include "tools/columns.hpp"
#include "tools/fields.hpp"

namespace dlt::bench {
namespace {

constexpr std::size_t packed_at_once = 256 * 1024;
constexpr int level = 1;

struct Event {
  std::uint64_t user = 0;
  double load = 0;
  bool ok = false;
  std::string_view text;

  bool operator==(const Event&) const = default;
};
Event event_of(std::uint64_t n, const Texts& texts) {
  return {n * 7919, static_cast<double>(n % 1000) / 8, n % 3 != 0, texts.of(n)};
}

// Messages in one format, one behind the other.
struct Encoded {
  std::string bytes;
  std::vector<std::size_t> ends;
  [[nodiscard]] std::string_view at(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(bytes).substr(begin, ends[i] - begin);
  }
};

void put_argument(proto::ByteWriter& out, std::string_view key, const proto::Argument& value) {
  proto::encode_argument(out, proto::argument(key), std::endian::little);
  proto::encode_argument(out, value, std::endian::little);
}

void append_dlt(std::string& out, std::uint64_t n, const Event& e) {
  std::array<std::byte, 1024> room;
  const std::span<std::byte> frame(room);
  proto::StandardHeader standard;
  standard.counter = static_cast<std::uint8_t>(n);
  standard.ecu = EcuId("ECU1");
  standard.timestamp = static_cast<std::uint32_t>(n);
  proto::ExtendedHeader extended{proto::msin::make(proto::MessageType::log, 4, true), 7, AppId("SERI"),
                                 ContextId("ALIZ")};
  const std::size_t headers = proto::headers_size(standard.htyp);
  proto::ByteWriter payload(frame.subspan(headers));
  proto::encode_argument(payload, proto::argument(e.text), std::endian::little);
  put_argument(payload, "user=", proto::argument(e.user));
  put_argument(payload, "load=", proto::argument(e.load));
  put_argument(payload, "ok=", proto::argument(e.ok));
  standard.length = static_cast<std::uint16_t>(headers + payload.size());
  proto::ByteWriter head(frame.first(headers));
  standard.encode(head);
  extended.encode(head);
  out.append(reinterpret_cast<const char*>(frame.data()), standard.length);
}

Event read_dlt(std::string_view frame) {
  const auto m = proto::MessageView::parse(std::as_bytes(std::span(frame)));
  if (!m) throw BenchError("serialize: a DLT message cannot be read");
  Event e;
  auto arguments = m->arguments();
  if (const auto first = arguments.next()) e.text = std::get<proto::Text>(first->value).text;
  for (const auto& field : tools::fields_of(*m)) {
    if (field.key == "user") e.user = std::get<std::uint64_t>(field.value.value);
    else if (field.key == "load") e.load = std::get<double>(field.value.value);
    else if (field.key == "ok") e.ok = std::get<bool>(field.value.value);
  }
  return e;
}

// `text` lives in `j`.
Event read_json(const Json& j) {
  const Json& fields = j.at("fields");
  const Json& first = j.at("args").at(0).at("value");
  return {fields.at("user"), fields.at("load"), fields.at("ok"), first.get_ref<const std::string&>()};
}

struct Times {
  double encode_ns = 0, decode_ns = 0, pack_ns = 0, unpack_ns = 0;  // for each message
  double bytes = 0, packed_bytes = 0;                               // likewise
  std::uint64_t wrong = 0;                                          // messages that came back as others
};

template <class Work>
double ns_each(std::size_t n, Work&& work) {
  const std::uint64_t begin = now_ns();
  work();
  return static_cast<double>(now_ns() - begin) / static_cast<double>(n);
}

std::size_t checked(std::size_t code) {
  if (ZSTD_isError(code) != 0) throw BenchError(std::string("serialize: zstd: ") + ZSTD_getErrorName(code));
  return code;
}

void pack(const std::string& bytes, std::size_t n, Times& t) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> packer(ZSTD_createCCtx(), ZSTD_freeCCtx);
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> unpacker(ZSTD_createDCtx(), ZSTD_freeDCtx);
  std::vector<std::string> frames((bytes.size() + packed_at_once - 1) / packed_at_once);
  const auto piece = [&](std::size_t i) { return std::string_view(bytes).substr(i * packed_at_once, packed_at_once); };
  for (std::size_t i = 0; i < frames.size(); ++i) frames[i].resize(ZSTD_compressBound(piece(i).size()));
  t.pack_ns = ns_each(n, [&] {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const std::string_view in = piece(i);
      frames[i].resize(
          checked(ZSTD_compressCCtx(packer.get(), frames[i].data(), frames[i].size(), in.data(), in.size(), level)));
    }
  });
  std::string plain(packed_at_once, '\0');
  std::size_t packed = 0;
  for (const auto& frame : frames) packed += frame.size();
  t.packed_bytes = static_cast<double>(packed) / static_cast<double>(n);
  t.unpack_ns = ns_each(n, [&] {
    for (const auto& frame : frames)
      checked(ZSTD_decompressDCtx(unpacker.get(), plain.data(), plain.size(), frame.data(), frame.size()));
  });
  for (std::size_t i = 0; i < frames.size(); ++i) {
    checked(ZSTD_decompressDCtx(unpacker.get(), plain.data(), plain.size(), frames[i].data(), frames[i].size()));
    t.wrong += plain.compare(0, piece(i).size(), piece(i)) == 0 ? 0U : 1U;
  }
}

enum class Format : std::uint8_t { dlt, cbor, json };

Encoded encode_all(std::size_t n, const Texts& texts) {
  Encoded all;
  for (std::size_t i = 0; i < n; ++i) {
    append_dlt(all.bytes, i, event_of(i, texts));
    all.ends.push_back(all.bytes.size());
  }
  return all;
}

void transcode(Format format, const Encoded& dlt, std::size_t n, Encoded& out) {
  const proto::StorageHeader storage{1'700'000'000, 0, EcuId("ECU1")};
  for (std::size_t i = 0; i < n; ++i) {
    const auto m = proto::MessageView::parse(std::as_bytes(std::span(dlt.at(i))));
    if (!m) throw BenchError("serialize: a DLT message cannot be read");
    if (format == Format::json) tools::append_json(out.bytes, {*m, storage});
    else tools::append_cbor(out.bytes, {*m, storage});
    out.ends.push_back(out.bytes.size());
  }
}

Times measure_format(Format format, std::size_t n, const Texts& texts) {
  Times t;
  Encoded dlt, out;
  dlt.bytes.reserve(n * 160), dlt.ends.reserve(n), out.bytes.reserve(n * 700), out.ends.reserve(n);
  const double dlt_ns = ns_each(n, [&] { dlt = encode_all(n, texts); });
  if (format == Format::dlt) t.encode_ns = dlt_ns;
  else t.encode_ns = ns_each(n, [&] { transcode(format, dlt, n, out); });
  const Encoded& encoded = format == Format::dlt ? dlt : out;
  t.bytes = static_cast<double>(encoded.bytes.size()) / static_cast<double>(n);
  t.decode_ns = ns_each(n, [&] {
    for (std::size_t i = 0; i < n; ++i) {
      const std::string_view one = encoded.at(i);
      const Event wanted = event_of(i, texts);
      bool same = false;
      if (format == Format::dlt) same = read_dlt(one) == wanted;
      else if (format == Format::json) same = read_json(Json::parse(one)) == wanted;
      else same = read_json(Json::from_cbor(one)) == wanted;
      t.wrong += same ? 0U : 1U;
    }
  });
  pack(encoded.bytes, n, t);
  return t;
}

Row row_of(const Load& load, Format format, std::size_t n, const Texts& texts) {
  constexpr std::array<const char*, 3> names{"DLT", "CBOR", "JSON"};
  Row row;
  row.case_name = "serialize";
  row.config = {{"format", names[static_cast<std::size_t>(format)]}, {"messages", human(double(n)) + " messages"}};
  const unsigned repeats = load.repeat.value_or(load.brief ? 1 : 3);
  (void)measure_format(format, std::min<std::size_t>(n, 1000), texts);  // warm
  for (unsigned i = 0; i < repeats; ++i) {
    const Times t = measure_format(format, n, texts);
    Sample& s = row.samples.emplace_back();
    s.offered = s.accepted = s.delivered = n;
    s.seconds = t.encode_ns * 1e-9 * static_cast<double>(n);
    s.delivered_bytes = static_cast<std::uint64_t>(t.bytes * static_cast<double>(n));
    s.extra = {{"encode_ns", t.encode_ns},         {"decode_ns", t.decode_ns}, {"zstd_ns", t.pack_ns},
               {"unzstd_ns", t.unpack_ns},         {"bytes", t.bytes},         {"zstd_bytes", t.packed_bytes},
               {"ratio", t.bytes / t.packed_bytes}};
    if (t.wrong != 0) row.faults.push_back(std::to_string(t.wrong) + " came back as something else");
  }
  const auto median = [&](const char* key) {
    return spread(row, [key](const Sample& s) { return s.extra.at(key); }).median;
  };
  row.notes.push_back("ns for each message: written " + human(median("encode_ns")) + ", read " +
                      human(median("decode_ns")) + ", zstd " + human(median("zstd_ns")) + " and back " +
                      human(median("unzstd_ns")) + "; bytes " + human(median("bytes")) + ", with zstd " +
                      human(median("zstd_bytes")) + " (ratio " + human(median("ratio")) + ")");
  row.notes.push_back("msg/s and MB/s: written, one thread");
  return row;
}

}  // namespace

Numbers run_serialize(const Load& load) {
  const Texts texts = Texts::lines();
  std::vector<std::size_t> counts{1000, 10'000, 100'000};
  if (load.brief) counts = {10'000};
  if (load.messages) counts = {static_cast<std::size_t>(*load.messages)};
  Numbers numbers;
  for (const std::size_t n : counts)
    for (const Format format : {Format::dlt, Format::cbor, Format::json})
      numbers.rows.push_back(row_of(load, format, n, texts));
  return numbers;
}

}  // namespace dlt::bench
