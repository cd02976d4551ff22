// dlt-daemon: options, configuration, signals. Exit code 0 done, 1 something failed at run time, 2 wrong usage.
#include <spdlog/spdlog.h>

#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <functional>
#include <new>
#include <utility>

#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

#include "background.hpp"
#include "config_file.hpp"
#include "daemon.hpp"
#include "drop_privileges.hpp"
#include "gateway/read_nodes.hpp"
#include "incumbent_keys.hpp"
#include "logging.hpp"
#include "notify.hpp"
#include "options.hpp"
#include "recover_file.hpp"
#include "served_paths.hpp"
#include "status_client.hpp"
#include "status_table.hpp"
#include "tools/tools.hpp"

namespace {

using namespace dlt::daemon;

// The file and the options on top of it; false if anything in them is wrong, which has been printed.
bool load(const Options& options, Config& config) {
  const std::string file = options.config_file.empty() ? default_config_file : options.config_file;
  ConfigFile read;
  if (!options.config_file.empty() || ::access(file.c_str(), F_OK) == 0) read = read_config_file(file);
  if (!read.problem.empty()) {
    say(LOG_ERR, read.problem);
    return false;
  }
  if (!read.warning.empty()) say(LOG_WARNING, "warning: " + read.warning);
  std::vector<ConfigError> notes;
  auto errors = parse(config, read.text, file, &notes);
  for (const auto& [key, value] : options.overrides) {
    const auto answer = answer_incumbent_key(key, value);
    if (answer && !answer->empty()) notes.push_back({"command line", *answer});
    if (answer) continue;
    if (const auto problem = set(config, key, value)) errors.push_back({"command line", *problem});
  }
  for (const auto& note : notes) say(LOG_NOTICE, note.text());
  if (const auto problem = check(config)) errors.push_back({file, *problem});
  for (const auto& error : errors) say(LOG_ERR, error.text());
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

// Does what signals ask for, for as long as it lives: SIGTERM and SIGINT end, SIGHUP reloads, SIGUSR1 takes snapshots.
// What one asked for while there was no memory is done when the daemon is revived.
class Signals {
 public:
  Signals(const Options& options, Daemon& daemon, Notify& notify)
      : options_(options),
        daemon_(daemon),
        notify_(notify),
        ending_(daemon.io(), SIGTERM, SIGINT),
        hangup_{asio::signal_set(daemon.io(), SIGHUP), [this] { reload(); }},
        usr1_{asio::signal_set(daemon.io(), SIGUSR1), [this] { daemon_.take_snapshots("SIGUSR1"); }} {
    ending_.async_wait([this](std::error_code error, int) {
      if (error) return;
      daemon_.stop();  // first: without memory for the words it ends all the same
      notify_.stopping();
    });
    await(hangup_);
    await(usr1_);
    daemon_.on_revive([this] {
      notify_.revive();
      for (Asked* asked : {&hangup_, &usr1_}) {
        await(*asked);
        answer(*asked);
      }
    });
  }
  ~Signals() { daemon_.on_revive({}); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Asked {
    asio::signal_set by;
    std::function<void()> what;
    bool awaited = false;
    bool due = false;
  };
  void await(Asked& asked) {
    if (asked.awaited) return;
    asked.by.async_wait([this, &asked](std::error_code error, int) {
      if (error) return;
      asked.awaited = false;
      asked.due = true;
      await(asked);
      answer(asked);
    });
    asked.awaited = true;
  }
  void answer(Asked& asked) {
    if (!std::exchange(asked.due, false)) return;
    try {
      asked.what();
    } catch (const std::bad_alloc&) {
      asked.due = true;
      throw;
    }
  }
  void reload() {
    notify_.reloading();
    Config fresh;
    const bool good = load(options_, fresh);
    if (good) {
      set_logging_level(fresh.logging_level);
      daemon_.reload(fresh);
    }
    asio::post(daemon_.io(), [this, good] { notify_.reloaded(good); });  // after what reload() has posted
  }

  const Options& options_;
  Daemon& daemon_;
  Notify& notify_;
  asio::signal_set ending_;
  Asked hangup_, usr1_;
};

Terminal terminal_of(const Options& options) {
  if (options.background) return Terminal::background;
  return options.foreground ? Terminal::foreground : Terminal::journal;
}

int serve(const Options& options, const Config& config) {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  Background background;
  if (options.background) {
    background = Background::enter();
    if (!background) return std::perror("dlt-daemon: cannot go into the background"), 1;
  }
  if (const auto problem = start_logging(config, terminal_of(options))) return say(LOG_CRIT, *problem), 1;
  auto inherited = take_inherited();
  if (!inherited) return 1;
  auto started = Daemon::start(config, *std::move(inherited));
  if (!started) return 1;
  Daemon& daemon = **started;
  if (!options.user.empty())
    if (const auto problem = drop_privileges(options.user, daemon.config())) return spdlog::critical("{}", *problem), 1;

  Notify notify(daemon.io(), [&] { return daemon.summary(); });
  Signals signals(options, daemon, notify);
  // Signals are handled by now: whoever waits for the file may send one.
  if (!write_port_file(options.port_file, daemon.client_port())) return 1;
  if (background) background.serving();
  notify.ready();
  spdlog::info("serving applications at {}, clients at port {}", daemon.config().app_socket, daemon.client_port());
  daemon.run();
  if (!options.port_file.empty()) std::remove(options.port_file.c_str());
  spdlog::info("ended");
  return 0;
}

// The files that the configuration names.
int check_other_files(const Config& config) {
  const auto nodes = gateway::check_nodes(config);
  for (const auto& warning : nodes.warnings) say(LOG_WARNING, "warning: " + warning);
  for (const auto& problem : nodes.problems) say(LOG_ERR, problem);
  if (nodes.problems.empty()) std::puts("configuration is good");
  return nodes.problems.empty() ? 0 : 1;
}

int run(int argc, char** argv) {
  if (const auto code = dlt::tools::run_tool(argc, argv)) return *code;
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
  if (options.action == Options::Action::check_config) return check_other_files(config);
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
    say(LOG_CRIT, e.what());
    return 1;
  }
}
