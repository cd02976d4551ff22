#include "harness/daemon.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/json.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

namespace fs = std::filesystem;
constexpr double ready_limit_s = 10;
constexpr Seconds stop_limit{10};

// Sends one line and reads until the other side closes. Empty when nobody listens.
std::string ask(const std::string& socket_path, const std::string& line) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  const timeval limit{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size())) {
    std::array<char, 16384> buffer{};
    for (ssize_t n = 0; (n = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0;) {
      answer.append(buffer.data(), static_cast<std::size_t>(n));
      if (answer.ends_with("}\n") && Json::accept(answer)) break;  // looked at once: it may be megabytes
    }
  }
  ::close(fd);
  return answer;
}

std::uint64_t messages(const Json& j, const char* key) {
  const auto at = j.find(key);
  return at == j.end() ? 0 : at->value("messages", std::uint64_t{0});
}

DaemonStatus parse_status(const std::string& text) {
  const Json j = Json::parse(text);
  DaemonStatus s;
  s.pid = j.value("pid", 0);
  s.version = j.value("version", "");
  s.client_port = j.value("client_port", std::uint16_t{0});
  s.application_port = j.value("app_port", std::uint16_t{0});
  const Json totals = j.value("totals", Json::object());
  s.received = totals.value("received_messages", std::uint64_t{0});
  s.received_bytes = totals.value("received_bytes", std::uint64_t{0});
  s.garbage_bytes = totals.value("garbage_bytes", std::uint64_t{0});
  for (const auto& client : j.value("clients", Json::array())) {
    s.client_sent += messages(client, "sent");
    s.client_dropped += messages(client, "dropped");
  }
  const Json storage = j.value("storage", Json::object());
  s.stored = messages(storage, "written");
  s.store_dropped = messages(storage, "dropped");
  for (const auto& user : j.value("users", Json::array())) s.connections += user.value("connections", std::uint64_t{0});
  const Json refused = j.value("refused", Json::object());
  for (const auto& count : refused) s.refused += count.get<std::uint64_t>();
  return s;
}

// Also where it is another user's, which we may not signal.
bool is_running(pid_t pid) { return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM); }

void write_addresses(std::ofstream& out, const DaemonPlan& plan) {
  const bool own = plan.network >= 0;
  out << "BindAddress = " << (own ? "0.0.0.0" : "127.0.0.1") << "\nPort = " << (own ? network_client_port : 0) << '\n';
  if (!plan.tcp_for_applications) return;
  out << "ApplicationPort = " << (own ? network_application_port : 0) << '\n';
  if (own) out << "ApplicationBindAddress = 0.0.0.0\n";
}

void write_config(const fs::path& directory, const DaemonPlan& plan) {
  const Store store = plan.store;
  std::ofstream out(directory / "daemon.conf");
  out << "ApplicationSocketPath = " << (directory / "app.sock").string() << '\n'
      << "StatusSocketPath = " << (directory / "control.sock").string() << "\nLoggingLevel = 4\n";
  write_addresses(out, plan);
  out << plan.more;
  if (store == Store::none) return;
  fs::create_directory(directory / "store");
  out << "OfflineTraceDirectory = " << (directory / "store").string() << '\n'
      << "OfflineTraceCompression = " << (store == Store::zstd ? 1 : 0) << '\n'
      << "OfflineTraceMaxSize = 16G\nOfflineTraceMaxFiles = 100000\n";
}

}  // namespace

bool is_our_daemon(const std::string& program) {
  const std::string command = "'" + program + "' --help 2>/dev/null";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return false;
  std::string text;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) text.append(buffer.data(), n);
  return ::pclose(pipe) == 0 && text.find("--status") != std::string::npos;
}

std::string find_daemon() {
  if (const char* named = std::getenv("DLT_BENCH_DAEMON"); named != nullptr && *named != '\0') return named;
  const fs::path here = fs::path(worker_program()).parent_path();
  for (const fs::path& candidate : {here / "dlt-daemon", here.parent_path() / "dlt-daemon" / "dlt-daemon"})
    if (fs::is_regular_file(candidate)) return candidate.string();
  const char* path = std::getenv("PATH");
  std::string rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const fs::path candidate = fs::path(rest.substr(0, colon)) / "dlt-daemon";
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    if (fs::is_regular_file(candidate) && is_our_daemon(candidate.string())) return candidate.string();
  }
  throw BenchError("no dlt-daemon beside dlt-bench or in PATH; --daemon names a running one");
}

Daemon Daemon::start(Store store, bool tcp_for_applications) { return start(DaemonPlan{store, tcp_for_applications}); }

Daemon Daemon::start(const DaemonPlan& plan) {
  Daemon d;
  d.scratch_ = std::make_unique<Scratch>();
  d.network_ = plan.network;
  const fs::path& directory = d.scratch_->path();
  write_config(directory, plan);
  d.address_ = "unix:" + (directory / "app.sock").string();
  d.control_ = (directory / "control.sock").string();
  d.launch();
  d.wait_ready();
  return d;
}

void Daemon::launch() {
  const fs::path& directory = scratch_->path();
  ChildOptions options{{find_daemon(), "--foreground", "--config", (directory / "daemon.conf").string()},
                       {},
                       (directory / "daemon.log").string()};
  options.network = network_;
  child_ = Child::start(options);
  pid_ = child_->pid();
}

Daemon Daemon::attach(const Load& load) {
  Daemon d;
  d.address_ = load.daemon;
  d.control_ = load.control;
  if (d.control_.empty() && load.daemon.rfind("unix:", 0) == 0)
    d.control_ = (fs::path(load.daemon.substr(5)).parent_path() / "control.sock").string();
  if (d.control_.empty())
    throw BenchError("a daemon named by TCP address needs --control, the path of its control socket");
  const DaemonStatus s = d.status();
  d.pid_ = s.pid;
  d.seen_running_ = is_running(s.pid);
  d.client_port_ = load.client_port.value_or(s.client_port);
  d.application_port_ = s.application_port;
  return d;
}

void Daemon::wait_ready() {
  const double deadline = now_s() + ready_limit_s;
  for (;;) {
    if (const auto s = status_if_up()) {
      client_port_ = s->client_port;
      application_port_ = s->application_port;
      return;
    }
    if (now_s() > deadline) throw BenchError("the daemon did not come up: " + last_words());
    ::poll(nullptr, 0, 5);
  }
}

std::string Daemon::tcp_address() const {
  if (application_port_ == 0) throw BenchError("the daemon takes no applications by TCP");
  return "tcp:127.0.0.1:" + std::to_string(application_port_);
}

std::string Daemon::store_directory() const { return (scratch_->path() / "store").string(); }

std::optional<DaemonStatus> Daemon::status_if_up() {
  check_alive();
  const std::string answer = ask(control_, "status\n");
  check_alive();
  if (answer.empty()) return {};
  try {
    return parse_status(answer);
  } catch (const Json::exception& e) {
    throw BenchError(std::string("the daemon's status is not understood: ") + e.what());
  }
}

std::string Daemon::status_text() {
  check_alive();
  return ask(control_, "status\n");
}

DaemonStatus Daemon::status() {
  auto s = status_if_up();
  if (!s) throw BenchError("no daemon answers at " + control_);
  return std::move(*s);
}

std::string Daemon::last_words() const {
  if (!scratch_) return "";
  std::ifstream in(scratch_->path() / "daemon.log");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  constexpr std::size_t enough = 400;
  return text.size() > enough ? text.substr(text.size() - enough) : text;
}

void Daemon::check_alive() {
  if (!child_) {
    if (seen_running_ && !is_running(pid_)) throw BenchError("the daemon is gone: no process " + std::to_string(pid_));
    return;
  }
  if (const auto status = child_->ended())
    throw BenchError("the daemon is gone (" + describe_status(*status) + "): " + last_words());
}

void Daemon::kill() { (void)child_->stop(SIGKILL, stop_limit); }

void Daemon::start_again() { launch(); }

void Daemon::stop() {
  const int status = child_->stop(SIGTERM, stop_limit);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    throw BenchError("the daemon did not end well (" + describe_status(status) + "): " + last_words());
}

}  // namespace dlt::bench
