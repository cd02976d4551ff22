#include "tools/receive_options.hpp"

#include <charconv>

namespace dlt::tools {

namespace {

constexpr char examples[] = R"(
HOST is a name or an address (127.0.0.1 unless given). Options of one letter are those of dlt-receive. It ends on
Ctrl-C, after -n messages, or when the daemon closes (exit code 1; with -r it connects again).

Exit codes: 0 ended as asked, 1 no connection or nowhere to write, 2 wrong usage.

  dlt-daemon receive
  dlt-daemon receive --level warn --filter '!NAVI:NOIS' target.local
  dlt-daemon receive --format json -n 100 ::1 | jq .text
  dlt-daemon receive -o trace.dlt.zst -c 50M -r 1000 target.local
)";

cxxopts::Options describe() {
  const auto text = [] { return cxxopts::value<Words>(); };
  cxxopts::Options options("dlt-daemon receive", "Prints or stores what a DLT daemon sends.");
  options.positional_help("[HOST]").show_positional_help();
  options.add_options()("p,port", "TCP port (default: DLT_DAEMON_TCP_PORT, 3490)", text(), "PORT")(
      "n,number", "end after so many messages", text(), "COUNT")(
      "r,reconnect", "connect again this long after the connection has ended or failed", text(), "MS")(
      "o,output", "store the messages there (.dlt; .gz or .zst: compressed; -: stdout)", text(), "FILE")(
      "c,limit", "go on in a new file when FILE has reached so many bytes (K, M, G); FILE.0.dlt ... are the full ones",
      text(), "LIMIT")("e,ecu", "ECU id of messages that name none (default: RECV)", text(), "ID")(
      "v,verbose", "say on stderr what happens")("S", "accepted: no request is sent, so none has a serial header")(
      "R", "accepted: the stream is searched for the next message anyway");
  add_format_options(options);
  add_selection_options(options);
  options.add_options("Hidden")("host", "", text())("y", "")("u", "")("b", "", text());
  options.parse_positional({"host"});
  return options;
}

void read_numbers(ReceiveOptions& out, CommandLine& line) {
  const auto positive = [&](const char* option, const char* what) -> std::optional<std::uint64_t> {
    if (!line.has(option)) return std::nullopt;
    const auto number = line.number(option);
    if (!number || *number == 0 || *number > 1'000'000'000'000)
      line.fail(std::string("-") + option[0] + " is a number of " + what + ", not '" + line.text(option) + "'");
    return number;
  };
  out.count = positive("number", "messages").value_or(UINT64_MAX);
  if (const auto ms = positive("reconnect", "milliseconds")) {
    if (*ms > 86'400'000) line.fail("-r is a day at most");
    out.reconnect = std::chrono::milliseconds(*ms);
  }
  if (!line.has("limit")) return;
  const auto limit = parse_size(line.text("limit"));
  if (!limit) line.fail("-c is a number of bytes such as 500000, 64K, 10M or 1G, not '" + line.text("limit") + "'");
  if (!line.has("output") || line.text("output") == "-") line.fail("-c limits the size of a file: -o FILE is missing");
  out.output.limit = limit.value_or(0);
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (error != std::errc{} || value == 0 || value > (1ULL << 32) || text.size() > 1) return std::nullopt;
  if (text.empty()) return value;
  switch (text[0]) {
    case 'K': return value << 10;
    case 'M': return value << 20;
    case 'G': return value << 30;
    default: return std::nullopt;
  }
}

ReceiveOptions parse_receive(int argc, const char* const* argv) {
  auto description = describe();
  CommandLine line = parse(description, "dlt-daemon receive", std::string(filter_grammar()) + examples, argc, argv);
  ReceiveOptions out;
  if (!line.early) {
    if (line.has("y") || line.has("b")) line.fail("serial devices (-y, -b) are not supported");
    if (line.has("u")) line.fail("UDP multicast (-u) is not supported");
    if (line.has("output")) out.output.path = line.text("output");
    if (line.has("ecu")) {
      if (line.text("ecu").size() > 4) line.fail("-e is an ECU id of four characters at most");
      out.ecu = EcuId(line.text("ecu"));
    }
    out.verbose = line.has("verbose");
    read_numbers(out, line);
  }
  out.address = address_of(line);
  out.selection = selection_of(line);
  out.format = format_of(line);
  if (!out.format && out.output.path.empty()) out.format = Format::text;
  check_output(line, out.output.path);
  if (out.format && out.to_stdout()) line.fail("stdout is for messages as text or, with -o -, for stored ones");
  out.early = line.early;
  return out;
}

}  // namespace dlt::tools
