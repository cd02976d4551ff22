#include "tools/cat_options.hpp"

#include "tools/time_text.hpp"

namespace dlt::tools {

namespace {

constexpr char examples[] = R"(
Files are .dlt, .dlt.gz or .dlt.zst, whatever they are called; what is damaged is skipped and told on stderr. Options
of one letter are those of dlt-convert.

Times of --since and --until: 2026-11-26 15:04:05 (local; with Z or +01:00 behind it in that zone), 15:04 (today),
-10min (before now; us ms s min h d), @1700000000.5

Exit codes: 0 also where something was skipped (1 with --strict), 1 a file cannot be read or has no message in it at
all, 2 wrong usage.

  dlt-daemon cat trace.dlt
  dlt-daemon cat --since -10min --level warn /var/log/dlt/*.dlt.zst
  dlt-daemon cat --format json trace.dlt | jq -r 'select(.app == "NAVI") | .text'
  dlt-daemon cat --merge -o all.dlt.zst one.dlt two.dlt.gz
  dlt-daemon cat -b 100 -e 199 -o cut.dlt trace.dlt
)";

cxxopts::Options describe() {
  const auto text = [] { return cxxopts::value<Words>(); };
  cxxopts::Options options("dlt-daemon cat", "Prints, cuts, joins and converts stored messages.");
  options.positional_help("FILE...").show_positional_help();
  options.add_options()("o,output",
                        "store the messages there instead of printing them (.dlt; .gz or .zst: compressed; -: stdout)",
                        text(), "FILE")("c,count", "count them; with -a or the like, or -o, as well")(
      "w,follow", "go on while the file grows")("merge", "several files in one, by time of reception")(
      "v,verbose", "say on stderr what was read")("strict", "exit code 1 where something was skipped")(
      "t", "accepted for tar.gz files: what is no message between the messages is skipped anyway");
  options.add_options("Filter")("b,begin", "index of the first message, from 0, in each file", text(), "NUMBER")(
      "e,end", "index of the last message", text(), "NUMBER")(
      "since", "received at this time or later", text(), "TIME")("until", "received at this time or earlier", text(),
                                                                 "TIME");
  add_format_options(options);
  add_selection_options(options);
  options.add_options("Hidden")("file", "", text());
  options.parse_positional({"file"});
  return options;
}

void read_ranges(CatOptions& out, CommandLine& line, std::int64_t now_us) {
  for (const auto& [option, to] : {std::pair{"since", &out.since_us}, std::pair{"until", &out.until_us}}) {
    if (!line.has(option)) continue;
    *to = parse_time(line.text(option), now_us);
    if (!*to)
      line.fail(std::string("--") + option + " is a time, such as 2026-11-26 15:04:05 or -10min, not '" +
                line.text(option) + "'");
  }
  for (const auto& [option, to] : {std::pair{"begin", &out.first}, std::pair{"end", &out.last}}) {
    if (!line.has(option)) continue;
    const auto number = line.number(option);
    if (!number) line.fail(std::string("-") + option[0] + " is a number of a message, not '" + line.text(option) + "'");
    *to = number.value_or(0);
  }
}

}  // namespace

CatOptions parse_cat(int argc, const char* const* argv, std::int64_t now_us) {
  auto description = describe();
  CommandLine line = parse(description, "dlt-daemon cat", std::string(filter_grammar()) + examples, argc, argv);
  CatOptions out;
  if (!line.early) {
    if (line.has("file")) out.files = line.given["file"].as<Words>().all;
    if (line.has("output")) out.output = line.text("output");
    out.count = line.has("count");
    out.follow = line.has("follow");
    out.merge = line.has("merge");
    out.strict = line.has("strict");
    out.verbose = line.has("verbose");
    read_ranges(out, line, now_us);
    if (out.files.empty()) line.fail("no file (-: stdin)");
    else if (out.follow && out.files.size() > 1) line.fail("-w follows one file");
    else if (out.follow && out.count) line.fail("-w has no end at which -c could tell the number");
  }
  out.selection = selection_of(line);
  out.format = format_of(line);
  if (!out.format && out.output.empty() && !out.count) out.format = Format::text;
  check_output(line, out.output);
  if ((out.format || out.count) && out.output == "-")
    line.fail("stdout is for messages as text and their number or, with -o -, for stored ones");
  out.early = line.early;
  return out;
}

}  // namespace dlt::tools
