// The command lines of the tools: what ends early, what is refused, what is understood.
#include <catch2/catch.hpp>

#include "tools/cat_options.hpp"
#include "tools/control_options.hpp"
#include "tools/receive_options.hpp"

using namespace dlt;
using namespace dlt::tools;
namespace control = proto::control;

namespace {

template <class Parse>
auto parsed(Parse parse, std::vector<const char*> words) {
  words.insert(words.begin(), "tool");
  return parse(static_cast<int>(words.size()), words.data());
}
const auto cat_line = [](int n, const char* const* v) { return parse_cat(n, v, 1'700'000'000'000'000); };

template <class Parse>
void refused(Parse parse, const std::vector<const char*>& words, const std::string& because) {
  std::string shown;
  for (const char* w : words) shown += std::string(" ") + w;
  INFO(shown);
  const auto options = parsed(parse, words);
  REQUIRE(options.early);
  CHECK(options.early->usage_error);
  CHECK_THAT(options.early->message, Catch::Contains(because) && Catch::Contains("--help"));
}

}  // namespace

TEST_CASE("each tool has a help with examples, and tells its version") {
  const auto shows = [](const auto& options, const char* what) {
    REQUIRE(options.early);
    CHECK_FALSE(options.early->usage_error);
    CHECK_THAT(options.early->message, Catch::Contains(what));
  };
  shows(parsed(cat_line, {"--help"}), "dlt-daemon cat --merge");
  shows(parsed(parse_receive, {"-h"}), "dlt-daemon receive --level warn");
  shows(parsed(parse_control, {"--help"}), "dlt-daemon control -l debug");
  for (const auto& options : {parsed(cat_line, {"--version"}).early, parsed(parse_receive, {"--version"}).early,
                              parsed(parse_control, {"--version"}).early})
    CHECK_THAT(options.value().message, Catch::StartsWith("dlt-daemon "));
}

TEST_CASE("cat: what is wrong is named") {
  refused(cat_line, {}, "no file");
  refused(cat_line, {"--nonsense", "f"}, "nonsense");
  refused(cat_line, {"-b", "x", "f"}, "-b is a number");
  refused(cat_line, {"--since", "soon", "f"}, "--since is a time");
  refused(cat_line, {"--format", "xml", "f"}, "--format is text");
  refused(cat_line, {"--filter", "TOOLONG", "f"}, "TOOLONG");
  refused(cat_line, {"--level", "loud", "f"}, "loud");
  refused(cat_line, {"--app", "TOOLONG", "f"}, "TOOLONG");
  refused(cat_line, {"--text", "(", "f"}, "no regular expression");
  refused(cat_line, {"-f", "/none/such", "f"}, "/none/such");
  refused(cat_line, {"-f", "/", "f"}, "cannot read the filter file /: Is a directory");
  refused(cat_line, {"-w", "f", "g"}, "one file");
  refused(cat_line, {"-o", "-", "-a", "f"}, "stdout");
  refused(cat_line, {"-o", "out.dlt.xz", "f"}, "'out.dlt.xz': .xz is not written; .gz and .zst are");
}

TEST_CASE("cat: options of one letter are the incumbent's") {
  CHECK(parsed(cat_line, {"f"}).format == Format::text);
  CHECK(parsed(cat_line, {"-a", "f"}).format == Format::text);
  CHECK(parsed(cat_line, {"-x", "f"}).format == Format::hex);
  CHECK(parsed(cat_line, {"-m", "f"}).format == Format::mixed);
  CHECK(parsed(cat_line, {"-s", "f"}).format == Format::headers);
  CHECK(parsed(cat_line, {"--format", "csv", "f"}).format == Format::csv);
  CHECK(parsed(cat_line, {"--format", "cbor", "f"}).format == Format::cbor);
  const auto cut = parsed(cat_line, {"-b", "3", "-e", "5", "-o", "out.dlt", "f", "g", "-t"});
  REQUIRE_FALSE(cut.early);
  CHECK(cut.first == 3);
  CHECK(cut.last == 5);
  CHECK(cut.output == "out.dlt");
  CHECK_FALSE(cut.format);
  CHECK(cut.files == std::vector<std::string>{"f", "g"});
  const auto range = parsed(cat_line, {"--since", "-10min", "--until=@1700000000", "-"});
  CHECK(range.since_us == 1'699'999'400'000'000);
  CHECK(range.until_us == 1'700'000'000'000'000);
}

TEST_CASE("receive: what is wrong is named, and options of one letter are the incumbent's") {
  refused(parse_receive, {"-p", "0"}, "-p is a port");
  refused(parse_receive, {"-p", "70000"}, "-p is a port");
  refused(parse_receive, {"-c", "1M"}, "-o FILE is missing");
  refused(parse_receive, {"-o", "f", "-c", "1T"}, "-c is a number of bytes");
  refused(parse_receive, {"-n", "0"}, "-n is a number");
  refused(parse_receive, {"-r", "soon"}, "-r is a number");
  refused(parse_receive, {"-y", "/dev/ttyS0"}, "serial");
  refused(parse_receive, {"-u"}, "multicast");
  refused(parse_receive, {"-e", "TOOLONG"}, "-e is an ECU id");
  refused(parse_receive, {"one", "two"}, "one host");
  refused(parse_receive, {"-o", "out.bz2"}, "'out.bz2': .bz2 is not written; .gz and .zst are");
  refused(parse_receive, {"-o", "-", "-a"}, "stdout");
  refused(parse_receive, {"-o", "-", "-c", "1M"}, "-c limits the size of a file");
  CHECK(parsed(parse_receive, {"-o", "-"}).output.path == "-");
  const auto o =
      parsed(parse_receive, {"-e", "ECUX", "-o", "f.dlt", "-c", "10K", "-r", "500", "-n", "7", "-p", "3491", "::1"});
  REQUIRE_FALSE(o.early);
  CHECK(o.ecu == EcuId("ECUX"));
  CHECK(o.output.limit == 10'240);
  CHECK(o.reconnect == std::chrono::milliseconds(500));
  CHECK(o.count == 7);
  CHECK(o.address.text() == "[::1]:3491");
  CHECK_FALSE(o.format);
  CHECK(parsed(parse_receive, {}).format == Format::text);
  CHECK(parsed(parse_receive, {"-a", "-o", "f"}).format == Format::text);
}

TEST_CASE("the port is the option's, the environment's, or the usual one") {
  CHECK(parsed(parse_receive, {}).address.text() == "127.0.0.1:3490");
  ::setenv("DLT_DAEMON_TCP_PORT", "4000", 1);
  CHECK(parsed(parse_receive, {}).address.port == 4000);
  CHECK(parsed(parse_receive, {"-p", "4001"}).address.port == 4001);
  ::setenv("DLT_DAEMON_TCP_PORT", "no", 1);
  refused(parse_receive, {}, "DLT_DAEMON_TCP_PORT");
  ::unsetenv("DLT_DAEMON_TCP_PORT");
}

TEST_CASE("control: what is wrong is named") {
  refused(parse_control, {}, "no request");
  refused(parse_control, {"-j", "-k"}, "one request");
  refused(parse_control, {"-l", "loud"}, "--level cannot be 'loud'");
  refused(parse_control, {"-d", "-1"}, "--default-level");
  refused(parse_control, {"-r", "2"}, "--trace");
  refused(parse_control, {"-l", "4", "-a", "TOOLONG"}, "TOOLONG");
  refused(parse_control, {"-s", "4096", "-m", "x"}, "needs -a");
  refused(parse_control, {"-s", "4096", "-a", "A", "-c", "C"}, "needs -m");
  refused(parse_control, {"-s", "5", "-a", "A", "-c", "C", "-m", "x"}, "service id");
  refused(parse_control, {"-s", "4096", "-a", "A", "-c", "C", "-x", "ad 0"}, "hexadecimal");
  refused(parse_control, {"-j", "-t", "0"}, "-t is a number");
  refused(parse_control, {"-j", "--format", "xml"}, "--format is table or json");
  refused(parse_control, {"-j", "-u"}, "needs the path");
}

TEST_CASE("control: options of one letter are the incumbent's") {
  const auto request = [](const std::vector<const char*>& words) {
    const auto options = parsed(parse_control, words);
    REQUIRE_FALSE(options.early);
    return control::service_of(options.asked.request);
  };
  using control::Service;
  CHECK(request({"-j"}) == Service::get_log_info);
  CHECK(request({"-l", "-1"}) == Service::set_all_log_level);
  CHECK(request({"-l", "5", "-a", "A"}) == Service::set_log_level);
  CHECK(request({"-r", "1"}) == Service::set_all_trace_status);
  CHECK(request({"-r", "255", "-c", "C"}) == Service::set_trace_status);
  CHECK(request({"-d", "4"}) == Service::set_default_log_level);
  CHECK(request({"-f", "1"}) == Service::set_default_trace_status);
  CHECK(request({"-i", "0"}) == Service::set_timing_packets);
  CHECK(request({"-o"}) == Service::store_config);
  CHECK(request({"-g"}) == Service::reset_to_factory_default);
  CHECK(request({"-k"}) == Service::get_software_version);
  const auto inject = parsed(parse_control, {"-a", "A", "-c", "C", "-s", "4096", "-x", "ad 01 24ef", "-t", "70"});
  REQUIRE_FALSE(inject.early);
  CHECK(inject.inject.size() == 4);
  CHECK(inject.asked.app == AppId("A"));
  CHECK(inject.limit == std::chrono::milliseconds(70));
}

TEST_CASE("sizes are bytes, with K, M or G") {
  CHECK(parse_size("1000") == 1000);
  CHECK(parse_size("2K") == 2048);
  CHECK(parse_size("3M") == 3 * 1024 * 1024);
  CHECK(parse_size("1G") == 1024 * 1024 * 1024);
  for (const char* text : {"", "0", "K", "1k", "1KB", "-1", "1.5M", "99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text));
  }
}
