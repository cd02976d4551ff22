#include "environment.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace dlt;
using namespace dlt::detail;

namespace {

Environment with(const std::map<std::string, std::string>& variables, Options options = {}) {
  return apply_environment(options, [&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found != variables.end() ? found->second.c_str() : nullptr;
  });
}

}  // namespace

TEST_CASE("an empty environment changes nothing and complains about nothing") {
  const auto e = with({});
  CHECK(e.complaints.empty());
  CHECK(e.options.buffer_count == 4);
  CHECK(e.options.batch_size == 256);
  REQUIRE(e.options.buffers.size() == 4);
  CHECK(e.options.buffers[3]->capacity == 2048);
  CHECK(e.options.buffers[3]->mode == OverflowMode::overwrite);
}

TEST_CASE("the environment wins over the code") {
  Options options;
  options.address = "unix:/from/code";
  options.buffer.capacity = 100;
  const auto e = with({{"DLT_DAEMON_ADDRESS", "tcp:127.0.0.1:1"},
                       {"DLT_PIPE_DIR", "/var/dlt"},
                       {"DLT_USER_NUM_BUFFERS", "2"},
                       {"DLT_USER_BUFFER_SIZE_1", "512"},
                       {"DLT_USER_BATCH_SIZE", "64"},
                       {"DLT_USER_OVERFLOW_MODE", "1"},
                       {"DLT_USER_OVERFLOW_MODE_1", "2"},
                       {"DLT_USER_TIMEOUT_MS", "7"},
                       {"DLT_USER_SENDERS", "2"},
                       {"DLT_LOG_MSG_BUF_LEN", "2000"},
                       {"DLT_LOCAL_PRINT_MODE", "FORCE_ON"},
                       {"DLT_RECORDER_LEVEL", "debug"},
                       {"DLT_RECORDER_BYTES", "65536"},
                       {"DLT_RECORDER_MESSAGES", "1000"},
                       {"DLT_RECORDER_RINGS", "7"},
                       {"DLT_RECORDER_SIGNAL", "12"},
                       {"DLT_RECORDER_INTERVAL", "60"}},
                      options);
  CHECK(e.complaints.empty());
  CHECK(e.options.address == "tcp:127.0.0.1:1");
  CHECK(e.pipe_directory == "/var/dlt");
  CHECK(e.options.buffer_count == 2);
  CHECK(e.options.buffers[0]->capacity == 100);
  CHECK(e.options.buffers[0]->mode == OverflowMode::drop_newest);
  CHECK(e.options.buffers[1]->capacity == 512);
  CHECK(e.options.buffers[1]->mode == OverflowMode::block);
  CHECK(e.options.buffers[1]->timeout == std::chrono::milliseconds(7));
  CHECK(e.options.batch_size == 64);
  CHECK(e.options.senders == 2);
  CHECK(e.options.max_message == 2000);
  CHECK(e.options.local_print == LocalPrint::on);
  CHECK(e.options.recorder_level == Level::debug);
  CHECK(e.options.recorder_bytes == 65'536);
  CHECK(e.options.recorder_messages == 1000);
  CHECK(e.options.recorder_rings == 7);
  CHECK(e.options.recorder_signal == 12);
  CHECK(e.options.recorder_interval == std::chrono::seconds(60));
}

TEST_CASE("a bad value is named once and the default stays") {
  const auto [name, value] = GENERATE(table<std::string, std::string>({{"DLT_USER_NUM_BUFFERS", "0"},
                                                                       {"DLT_USER_NUM_BUFFERS", "17"},
                                                                       {"DLT_USER_NUM_BUFFERS", "4x"},
                                                                       {"DLT_USER_NUM_BUFFERS", ""},
                                                                       {"DLT_USER_BUFFER_SIZE_0", "7"},
                                                                       {"DLT_USER_BUFFER_SIZE_0", "-5"},
                                                                       {"DLT_USER_BATCH_SIZE", "99999999999999999999"},
                                                                       {"DLT_USER_OVERFLOW_MODE", "3"},
                                                                       {"DLT_USER_OVERFLOW_MODE_2", "block"},
                                                                       {"DLT_USER_TIMEOUT_MS", "3600001"},
                                                                       {"DLT_USER_SENDERS", "5"},
                                                                       {"DLT_LOG_MSG_BUF_LEN", "1023"},
                                                                       {"DLT_DAEMON_ADDRESS", "/run/dlt"},
                                                                       {"DLT_DAEMON_ADDRESS", "fifo:"},
                                                                       {"DLT_PIPE_DIR", ""},
                                                                       {"DLT_INITIAL_LOG_LEVEL", "APP:CTX"},
                                                                       {"DLT_RECORDER_LEVEL", "default"},
                                                                       {"DLT_RECORDER_BYTES", "100"},
                                                                       {"DLT_RECORDER_RINGS", "0"},
                                                                       {"DLT_RECORDER_SIGNAL", "SIGUSR2"},
                                                                       {"DLT_RECORDER_INTERVAL", "86401"},
                                                                       {"DLT_LOCAL_PRINT_MODE", "yes"}}));
  CAPTURE(name, value);

  const auto e = with({{name, value}});

  REQUIRE(e.complaints.size() == 1);
  CHECK(e.complaints[0].find(name + "=" + value) == 0);
  const auto untouched = with({});
  CHECK(e.options.buffer_count == untouched.options.buffer_count);
  CHECK(e.options.batch_size == untouched.options.batch_size);
  CHECK(e.options.senders == untouched.options.senders);
  CHECK(e.options.max_message == untouched.options.max_message);
  CHECK(e.options.address == untouched.options.address);
  CHECK(e.pipe_directory == "/tmp");
  CHECK(e.options.local_print == untouched.options.local_print);
  CHECK(e.options.buffers[2]->mode == untouched.options.buffers[2]->mode);
  CHECK(e.options.buffers[0]->capacity == untouched.options.buffers[0]->capacity);
  CHECK(e.levels.empty());
}

TEST_CASE("level rules match by id, an empty id matches all, the last match counts") {
  const auto e = with({{"DLT_INITIAL_LOG_LEVEL", "::warn;NAVI::5;NAVI:ROUT:verbose;;"}});
  CHECK(e.complaints.empty());
  CHECK(e.level_of("OTHR", "CTX") == Level::warn);
  CHECK(e.level_of("NAVI", "CTX") == Level::debug);
  CHECK(e.level_of("NAVI", "ROUT") == Level::verbose);
  CHECK(with({}).level_of("NAVI", "ROUT") == Level::by_default);
}

TEST_CASE("options outside their range are refused by name") {
  Options good;
  good.app = "APP";
  CHECK(good.check().empty());
  const auto wrong = [&good](auto change) {
    Options o = good;
    change(o);
    return o.check();
  };
  CHECK(wrong([](Options& o) { o.app = {}; }).find("app ") == 0);
  CHECK(wrong([](Options& o) { o.address = "nowhere"; }).find("address ") == 0);
  CHECK(wrong([](Options& o) { o.buffer_count = 17; }).find("buffer_count ") == 0);
  CHECK(wrong([](Options& o) { o.buffer.capacity = 7; }).find("buffer.capacity ") == 0);
  CHECK(wrong([](Options& o) {
          o.buffers.resize(3);
          o.buffers[2] = BufferOptions{4};
        }).find("buffers[2].capacity ") == 0);
  CHECK(wrong([](Options& o) { o.senders = 5; }).find("senders ") == 0);
  CHECK(wrong([](Options& o) { o.nap = std::chrono::microseconds(9); }).find("nap ") == 0);
  CHECK(wrong([](Options& o) { o.max_message = 65'001; }).find("max_message ") == 0);
  CHECK(wrong([](Options& o) { o.exit_flush = std::chrono::minutes(2); }).find("exit_flush ") == 0);
  CHECK(wrong([](Options& o) { o.recorder_level = Level::by_default; }).find("recorder_level ") == 0);
  CHECK(wrong([](Options& o) { o.recorder_bytes = 1; }).find("recorder_bytes ") == 0);
  CHECK(wrong([](Options& o) { o.recorder_rings = 0; }).find("recorder_rings ") == 0);
  CHECK(wrong([](Options& o) { o.recorder_signal = -1; }).find("recorder_signal ") == 0);
  CHECK(wrong([](Options& o) { o.recorder_interval = std::chrono::hours(25); }).find("recorder_interval ") == 0);
}
