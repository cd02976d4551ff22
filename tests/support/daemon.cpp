#include "support/daemon.hpp"

#include <signal.h>

#include <stdexcept>

namespace dlt::test {

Daemon::Daemon(std::string program, Settings settings) : program_(std::move(program)), settings_(std::move(settings)) {
  // Defaults of the tests; what is given wins.
  settings_.emplace("ApplicationSocketPath", dir_ / "app.sock");
  settings_.emplace("StatusSocketPath", dir_ / "control.sock");
  settings_.emplace("BindAddress", "127.0.0.1");
  settings_.emplace("Port", "0");
}

void Daemon::start() {
  std::string text;
  for (const auto& [key, value] : settings_) text += key + " = " + value + "\n";
  write_file(dir_.path() / "dlt-daemon.conf", text);
  const std::string port_file = dir_ / "port";
  std::filesystem::remove(port_file);
  auto command = before_;
  command.insert(command.end(),
                 {program_, "--foreground", "--config", dir_ / "dlt-daemon.conf", "--port-file", port_file});
  child_ = std::make_unique<Child>(
      Child::Setup{.command = command, .environment = {}, .out = dir_ / "log", .err = dir_ / "log"});
  const bool up = eventually([&] {
    const std::string said = read_file(port_file);
    if (said.empty() || said.back() != '\n') return !child_->running();
    port_ = static_cast<std::uint16_t>(std::stoul(said));
    return true;
  });
  if (!up || !child_->running()) throw std::runtime_error("dlt-daemon did not start; it said:\n" + log());
}

std::optional<int> Daemon::stop() { return child_->stop(); }

void Daemon::kill() { static_cast<void>(child_->stop(SIGKILL)); }

}  // namespace dlt::test
