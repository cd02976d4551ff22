#include "end_to_end/both_daemons.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "dlt/proto/control.hpp"
#include "support/loopback.hpp"

namespace dlt::test {

namespace {

struct Socket {
  int fd;
  ~Socket() { ::close(fd); }
};

}  // namespace

Side::Side(Which which, const Settings& settings) : which_(which) {
  // The incumbent's keys. BindAddress is written as its packaged build can read it, which takes IPv6 addresses only.
  std::map<std::string, std::string> all{
      {"UDPConnectionSetup", "0"},
      {"BindAddress", "::ffff:127.0.0.1"},
      {"LoggingMode", "2"},
      {"LoggingFilename", dir_ / "own.log"},
      {"ControlSocketPath", dir_ / "dlt-ctrl.sock"},
      {"PersistanceStoragePath", dir_ / ""},
      {"SendContextRegistration", "1"},
      // Ours; the incumbent says that it does not know them.
      {"LegacyFifo", "1"},
      {"ApplicationSocketPath", dir_ / "app.sock"},
      {"StatusSocketPath", dir_ / "status.sock"},
      {"OfflineTraceCompression", "0"},
  };
  for (const auto& [key, value] : settings) {
    const bool folder = value.starts_with("./");
    all[key] = folder ? dir_ / value.substr(2) : value;
    if (folder) std::filesystem::create_directory(all[key]);
  }
  // What makes the incumbent fill OfflineTraceDirectory; ours needs nothing but the directory.
  if (settings.contains("OfflineTraceDirectory")) write_file(dir_ / "dlt-runtime.cfg", "LoggingMode = 3\n");
  std::string text;
  for (const auto& [key, value] : all) text.append(key).append(" = ").append(value).append("\n");
  write_file(dir_ / "dlt.conf", text);
  // The port may have been taken since: then the daemon ends.
  for (int attempt = 0; attempt < 5; ++attempt)
    if (try_start()) return;
  throw std::runtime_error(name() + " does not serve; it said:\n" + read_file(dir_ / "said") +
                           read_file(dir_ / "own.log"));
}

bool Side::try_start() {
  port_ = free_port();
  const std::string program = which_ == Which::ours ? DLT_DAEMON : "/usr/bin/dlt-daemon";
  child_ = std::make_unique<Child>(
      Child::Setup{.command = {program, "-c", dir_ / "dlt.conf", "-t", dir_.path().string(), "-p", port_text()},
                   .environment = {},
                   .out = dir_ / "said",
                   .err = dir_ / "said"});
  const bool ready = eventually([&] { return !child_->running() || serves(); });
  return ready && child_->running();
}

bool Side::serves() const {
  if (!std::filesystem::exists(dir_ / "dlt")) return false;
  return answers(port_);
}

std::map<std::string, std::string> Side::environment() const { return {{"DLT_PIPE_DIR", dir_.path().string()}}; }

Child::Setup Side::setup(std::vector<std::string> command, const std::string& file) const {
  command.insert(command.begin(), {"stdbuf", "-oL"});
  return {.command = std::move(command), .environment = environment(), .out = dir_ / file, .err = dir_ / file};
}

Child::Setup Side::client_setup(std::vector<std::string> command, const std::string& file) const {
  command.insert(command.end(), {"-p", port_text(), "127.0.0.1"});
  return setup(std::move(command), file);
}

Outcome Side::control(std::vector<std::string> options) const {
  options.insert(options.begin(), "dlt-control");
  options.insert(options.end(), {"-p", port_text(), "127.0.0.1"});
  return run(options);
}

bool Side::shows(const std::string& file, const std::string& what) const {
  return eventually([&] { return text(file).find(what) != std::string::npos; });
}

bool Side::knows(const std::string& app) const {
  const Socket s{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  (dir_ / "dlt-ctrl.sock").copy(where.sun_path, sizeof where.sun_path - 1);
  const auto request = proto::control::frame(proto::control::GetLogInfo{.options = 7, .app = AppId(app), .context = {}},
                                             {.ecu = "ECU1"});
  if (!request || ::connect(s.fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
      ::send(s.fd, request->data(), request->size(), MSG_NOSIGNAL) < 0)
    return false;
  // Its answer is one frame, in which the id is where there is such an application.
  std::string answer;
  return eventually([&] {
           char bytes[4096];
           const auto n = ::recv(s.fd, bytes, sizeof bytes, MSG_DONTWAIT);
           if (n > 0) answer.append(bytes, static_cast<std::size_t>(n));
           return answer.size() >= 4 && answer.size() >= proto::load_be<std::uint16_t>(answer.data() + 2);
         }) &&
         answer.find(app) != std::string::npos;
}

void Side::pause() const { child_->send(SIGSTOP); }
void Side::go_on() const { child_->send(SIGCONT); }

void BothDaemons::run_application(const std::vector<std::string>& command) const {
  Child with_ours(ours.setup(command, "application"));
  Child with_incumbent(incumbent.setup(command, "application"));
  if (with_ours.wait() != 0 || with_incumbent.wait() != 0)
    throw std::runtime_error(command.front() + ": " + ours.text("application") + incumbent.text("application"));
}

void BothDaemons::log_lines(const std::string& app, const std::vector<std::string>& lines) const {
  std::vector<std::unique_ptr<Child>> adaptors;
  for (const Side* side : sides()) {
    auto setup = side->setup({"dlt-adaptor-stdin", "-a", app, "-c", "LINE", "-b", "-t", "10000"}, "application");
    setup.with_input = true;
    adaptors.push_back(std::make_unique<Child>(setup));
    for (const auto& line : lines) adaptors.back()->say(line);
  }
  for (const Side* side : sides())
    if (!eventually([&] { return side->knows(app); })) throw std::runtime_error(side->name() + " does not know " + app);
  for (const auto& adaptor : adaptors) adaptor->end_input();
  for (const auto& adaptor : adaptors)
    if (adaptor->wait() != 0) throw std::runtime_error("dlt-adaptor-stdin does not end");
}

void BothDaemons::log_each_kind() const {
  const std::string user = examples + "dlt-example-user";
  run_application({user, "-n", "300", "-d", "0", "text"});  // more than its counter of 8 bits
  run_application({user, "-n", "3", "-d", "0", "-l", "2", "an error"});
  run_application({user, "-n", "3", "-d", "0", "-g", "non-verbose"});  // and five more
  run_application({user, "-n", "3", "-d", "0", "-r", "300"});
  run_application({user, "-n", "3", "-d", "0", "-A", "LONG", "-C", "NAME", "ids of four letters"});
  log_lines("SINA", {"ascii", "gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac", "", R"([brackets] "quotes" ; , \)",
                     std::string(1000, 'x'), "END"});
}

}  // namespace dlt::test
