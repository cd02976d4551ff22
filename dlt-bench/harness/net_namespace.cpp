#include "harness/net_namespace.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "harness/child.hpp"
#include "harness/error.hpp"
#include "harness/scratch.hpp"

namespace dlt::bench {
namespace {

constexpr Seconds tool_limit{30};

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

NetNamespace::NetNamespace() {
  int problem = 0;
  std::thread([&] {
    if (::unshare(CLONE_NEWNET) != 0) problem = errno;
    else fd_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  }).join();
  if (fd_ < 0)
    throw CannotRunHere(std::string("a network of its own takes root: ") +
                        std::strerror(problem != 0 ? problem : errno));
}

NetNamespace::NetNamespace(NetNamespace&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

NetNamespace::~NetNamespace() {
  if (fd_ >= 0) ::close(fd_);
}

std::string NetNamespace::path() const { return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_); }

void NetNamespace::run(const std::vector<std::string>& words) const {
  const Scratch folder;
  const auto said = folder.path() / "said";
  ChildOptions options{words, {}, said.string()};
  options.network = fd_;
  const int status = Child::start(options).stop(0, tool_limit);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  throw BenchError("'" + joined(words) + "' failed (" + describe_status(status) + "): " + read_text(said));
}

void NetNamespace::run_file(std::vector<std::string> words, const std::string& text) const {
  const Scratch folder;
  words.push_back((folder.path() / "input").string());
  std::ofstream(words.back()) << text;
  run(words);
}

std::string NetNamespace::output(const std::string& shell_command) const {
  const Scratch folder;
  const auto out = folder.path() / "out";
  try {
    run({"sh", "-c", shell_command + " >" + out.string()});
  } catch (const BenchError&) {
    return "";
  }
  return read_text(out);
}

}  // namespace dlt::bench
