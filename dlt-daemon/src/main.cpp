// dlt-daemon: options, configuration, signals. Exit code 0 done, 1 something failed at run time, 2 wrong usage.
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

#include "config_file.hpp"
#include "daemon.hpp"
#include "notify.hpp"
#include "options.hpp"
#include "recover_file.hpp"
#include "status_client.hpp"

namespace {

using namespace dlt::daemon;

spdlog::level::level_enum spdlog_level(std::uint8_t syslog_level) noexcept {
  if (syslog_level >= 7) return spdlog::level::debug;
  if (syslog_level >= 5) return spdlog::level::info;
  if (syslog_level == 4) return spdlog::level::warn;
  return syslog_level == 3 ? spdlog::level::err : spdlog::level::critical;
}

// The level as the journal reads it at the start of a line: "<3>".
class JournalLevel : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    constexpr std::string_view by_level = "7764322";  // trace, debug, info, warn, err, critical, off
    out.push_back(by_level[static_cast<std::size_t>(message.level)]);
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JournalLevel>();
  }
};

// The journal adds time and process itself.
void start_logging(bool foreground) {
  auto logger = spdlog::stderr_logger_mt("dlt-daemon");
  const bool to_journal = std::getenv("JOURNAL_STREAM") != nullptr && !foreground;
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<JournalLevel>('*').set_pattern(to_journal ? "<%*>%v" : "%Y-%m-%d %H:%M:%S.%e %l: %v");
  logger->set_formatter(std::move(formatter));
  spdlog::set_default_logger(std::move(logger));
}

// The file and the options on top of it; false if anything in them is wrong, which has been printed.
bool load(const Options& options, Config& config) {
  const std::string file = options.config_file.empty() ? default_config_file : options.config_file;
  ConfigFile read;
  if (!options.config_file.empty() || ::access(file.c_str(), F_OK) == 0) read = read_config_file(file);
  if (!read.problem.empty()) {
    std::fprintf(stderr, "dlt-daemon: %s\n", read.problem.c_str());
    return false;
  }
  if (!read.warning.empty()) std::fprintf(stderr, "dlt-daemon: warning: %s\n", read.warning.c_str());
  auto errors = parse(config, read.text, file);
  for (const auto& [key, value] : options.overrides)
    if (const auto problem = set(config, key, value)) errors.push_back({"command line", *problem});
  if (const auto problem = check(config)) errors.push_back({file, *problem});
  for (const auto& error : errors) std::fprintf(stderr, "dlt-daemon: %s\n", error.text().c_str());
  return errors.empty();
}

int show_status(const Options& options, const Config& config) {
  const auto app_socket = config.app_socket.empty() ? default_app_socket() : config.app_socket;
  const auto path = config.status_socket.empty() ? status_socket_beside(app_socket) : config.status_socket;
  const auto answer = ask_status(path);
  if (!answer) {
    std::fprintf(stderr, "dlt-daemon: no daemon answers at %s: %s\n", path.c_str(), answer.error().message().c_str());
    return 1;
  }
  std::fputs(options.json ? answer->c_str() : status_table(*answer).c_str(), stdout);
  return 0;
}

bool write_port_file(const std::string& file, std::uint16_t port) {
  if (file.empty()) return true;
  const std::string fresh = file + ".new";
  const std::string text = std::to_string(port) + "\n";
  ::unlink(fresh.c_str());
  const Fd out(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (out && ::write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      std::rename(fresh.c_str(), file.c_str()) == 0)
    return true;
  spdlog::critical("cannot write {}", file);
  return false;
}

int serve(const Options& options, const Config& config) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  start_logging(options.foreground);
  spdlog::set_level(spdlog_level(config.logging_level));
  auto started = Daemon::start(config);
  if (!started) return 1;
  Daemon& daemon = **started;

  Notify notify(daemon.io());
  asio::signal_set ending(daemon.io(), SIGTERM, SIGINT);
  ending.async_wait([&](std::error_code error, int) {
    if (error) return;
    notify.stopping();
    daemon.stop();
  });
  asio::signal_set hangup(daemon.io(), SIGHUP);
  std::function<void(std::error_code, int)> on_hangup = [&](std::error_code error, int) {
    if (error) return;
    hangup.async_wait(on_hangup);
    Config fresh;
    if (load(options, fresh)) {
      spdlog::set_level(spdlog_level(fresh.logging_level));
      daemon.reload(fresh);
    }
  };
  hangup.async_wait(on_hangup);

  // Signals are handled by now: whoever waits for the file may send one.
  if (!write_port_file(options.port_file, daemon.client_port())) return 1;
  notify.ready();
  spdlog::info("serving applications at {}, clients at port {}", daemon.config().app_socket, daemon.client_port());
  daemon.run();
  if (!options.port_file.empty()) std::remove(options.port_file.c_str());
  spdlog::info("ended");
  return 0;
}

int run(int argc, char** argv) {
  const Options options = parse_options(argc, argv);
  switch (options.action) {
    case Options::Action::done: std::fputs(options.message.c_str(), stdout); return 0;
    case Options::Action::usage_error: std::fputs(options.message.c_str(), stderr); return 2;
    case Options::Action::recover: return recover_file(options.recover_file);
    case Options::Action::serve:
    case Options::Action::check_config:
    case Options::Action::show_status: break;
  }
  Config config;
  if (!load(options, config)) return 1;
  if (options.action == Options::Action::check_config) return std::puts("configuration is good"), 0;
  return options.action == Options::Action::show_status ? show_status(options, config) : serve(options, config);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("dlt-daemon: there is not enough memory\n", stderr);
    return 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "dlt-daemon: %s\n", e.what());
    return 1;
  }
}
