#include "environment.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "address.hpp"

namespace dlt::detail {

namespace {

class Reader {
 public:
  Reader(const Lookup& get, std::vector<std::string>& complaints) : get_(get), complaints_(complaints) {}

  [[nodiscard]] std::optional<std::string_view> text(const std::string& name) const {
    const char* value = get_(name.c_str());
    return value != nullptr ? std::optional<std::string_view>(value) : std::nullopt;
  }
  [[nodiscard]] std::optional<std::uint64_t> number(const std::string& name, std::uint64_t low, std::uint64_t high) {
    const auto value = text(name);
    if (!value) return std::nullopt;
    std::uint64_t n = 0;
    const char* end = value->data() + value->size();
    const auto [at, error] = std::from_chars(value->data(), end, n);
    if (error == std::errc{} && at == end && n >= low && n <= high) return n;
    complain(name, *value, "a number from " + std::to_string(low) + " to " + std::to_string(high));
    return std::nullopt;
  }
  void complain(const std::string& name, std::string_view value, const std::string& wanted) {
    complaints_.push_back(name + "=" + std::string(value) + " is not " + wanted + "; the default is used");
  }

 private:
  const Lookup& get_;
  std::vector<std::string>& complaints_;
};

std::optional<LevelRule> parse_rule(std::string_view item) {
  const std::size_t first = item.find(':');
  const std::size_t second = first == std::string_view::npos ? first : item.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto level = parse_level(item.substr(second + 1));
  if (!level || first > 4 || second - first - 1 > 4) return std::nullopt;
  return LevelRule{AppId(item.substr(0, first)), ContextId(item.substr(first + 1, second - first - 1)), *level};
}

void read_levels(Reader& in, Environment& e) {
  const std::string name = "DLT_INITIAL_LOG_LEVEL";
  auto value = in.text(name);
  while (value && !value->empty()) {
    const std::size_t end = std::min(value->find(';'), value->size());
    const std::string_view item = value->substr(0, end);
    value->remove_prefix(std::min(end + 1, value->size()));
    if (item.empty()) continue;
    if (const auto rule = parse_rule(item)) e.levels.push_back(*rule);
    else in.complain(name, item, "of the form APID:CTID:level");
  }
}

void read_local_print(Reader& in, Options& o) {
  const auto value = in.text("DLT_LOCAL_PRINT_MODE");
  if (!value) return;
  if (*value == "AUTOMATIC") o.local_print = LocalPrint::automatic;
  else if (*value == "FORCE_ON") o.local_print = LocalPrint::on;
  else if (*value == "FORCE_OFF") o.local_print = LocalPrint::off;
  else in.complain("DLT_LOCAL_PRINT_MODE", *value, "AUTOMATIC, FORCE_ON or FORCE_OFF");
}

void read_buffers(Reader& in, Options& o) {
  if (const auto n = in.number("DLT_USER_NUM_BUFFERS", 1, Options::max_buffers))
    o.buffer_count = static_cast<std::uint32_t>(*n);
  const auto mode = in.number("DLT_USER_OVERFLOW_MODE", 0, 2);
  const auto timeout = in.number("DLT_USER_TIMEOUT_MS", 0, 3'600'000);
  o.buffers.resize(o.buffer_count);
  for (std::uint32_t i = 0; i < o.buffer_count; ++i) {
    BufferOptions b = o.buffers[i].value_or(o.buffer);
    if (mode) b.mode = static_cast<OverflowMode>(*mode);
    if (timeout) b.timeout = std::chrono::milliseconds(*timeout);
    const std::string n = std::to_string(i);
    if (const auto size = in.number("DLT_USER_BUFFER_SIZE_" + n, 8, 1U << 20))
      b.capacity = static_cast<std::uint32_t>(*size);
    if (const auto own = in.number("DLT_USER_OVERFLOW_MODE_" + n, 0, 2)) b.mode = static_cast<OverflowMode>(*own);
    o.buffers[i] = b;
  }
}

void read_recorder(Reader& in, Options& o) {
  if (const auto value = in.text("DLT_RECORDER_LEVEL")) {
    const auto level = parse_level(*value);
    if (level && *level >= Level::off && *level <= Level::verbose) o.recorder_level = *level;
    else in.complain("DLT_RECORDER_LEVEL", *value, "a level from off to verbose");
  }
  if (const auto n = in.number("DLT_RECORDER_BYTES", 16 << 10, 64 << 20))
    o.recorder_bytes = static_cast<std::uint32_t>(*n);
  if (const auto n = in.number("DLT_RECORDER_MESSAGES", 0, 0xffff'ffff))
    o.recorder_messages = static_cast<std::uint32_t>(*n);
  if (const auto n = in.number("DLT_RECORDER_RINGS", 1, 4096)) o.recorder_rings = static_cast<std::uint32_t>(*n);
  if (const auto n = in.number("DLT_RECORDER_SIGNAL", 0, 64)) o.recorder_signal = static_cast<int>(*n);
  if (const auto n = in.number("DLT_RECORDER_INTERVAL", 0, 86'400)) o.recorder_interval = std::chrono::seconds(*n);
}

void read_address(Reader& in, Options& o) {
  const auto value = in.text("DLT_DAEMON_ADDRESS");
  if (!value) return;
  if (Address::parse(*value)) o.address = *value;
  else in.complain("DLT_DAEMON_ADDRESS", *value, "unix:PATH (at most 107 bytes), tcp:HOST:PORT or fifo:DIRECTORY");
}

void read_pipe_directory(Reader& in, Environment& e) {
  const auto value = in.text("DLT_PIPE_DIR");
  if (!value) return;
  if (Address::parse("fifo:" + std::string(*value))) e.pipe_directory = *value;
  else in.complain("DLT_PIPE_DIR", *value, "a directory (at most 4000 bytes)");
}

}  // namespace

Level Environment::level_of(AppId app, ContextId context) const noexcept {
  Level level = Level::by_default;
  for (const LevelRule& r : levels)
    if ((r.app.empty() || r.app == app) && (r.context.empty() || r.context == context)) level = r.level;
  return level;
}

Environment apply_environment(const Options& options, const Lookup& get) {
  Environment e;
  e.options = options;
  Reader in(get, e.complaints);
  Options& o = e.options;
  read_address(in, o);
  read_pipe_directory(in, e);
  read_buffers(in, o);
  if (const auto n = in.number("DLT_USER_BATCH_SIZE", 1, 65'536)) o.batch_size = static_cast<std::uint32_t>(*n);
  if (const auto n = in.number("DLT_USER_SENDERS", 1, o.buffer_count)) o.senders = static_cast<std::uint32_t>(*n);
  o.senders = std::min(o.senders, o.buffer_count);
  if (const auto n = in.number("DLT_LOG_MSG_BUF_LEN", 1'024, 65'000)) o.max_message = static_cast<std::uint32_t>(*n);
  read_levels(in, e);
  read_local_print(in, o);
  read_recorder(in, o);
  return e;
}

}  // namespace dlt::detail
