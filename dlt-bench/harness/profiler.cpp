#include "harness/profiler.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <vector>

#include "harness/clock.hpp"
#include "harness/error.hpp"

namespace dlt::bench {
namespace {

namespace fs = std::filesystem;
constexpr double attach_limit_s = 5;
constexpr Seconds write_limit{30};

std::string read_all(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// perf tells nobody when it has begun; its counters are open files, though. (Files of /proc/sys with a similar name are
// open before.)
bool samples(pid_t perf) {
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(perf) + "/fd", gone)) {
    std::error_code closed;
    if (fs::read_symlink(entry.path(), closed) == "anon_inode:[perf_event]") return true;
  }
  return false;
}

std::string first_words(const std::string& text) {
  std::istringstream in(text);
  std::string line;
  while (std::getline(in, line))
    if (line.find_first_not_of(" \t") != std::string::npos && line != "Error:") return line;
  return "it does not say why";
}

}  // namespace

Profiler::Profiler(pid_t pid) {
  const std::string data = (scratch_.path() / "perf.data").string();
  const std::string words = (scratch_.path() / "perf.log").string();
  perf_.emplace(Child::start({{"perf", "record", "--quiet", "--event", "cpu-clock", "--freq", "499", "--call-graph",
                               "dwarf,4096", "--pid", std::to_string(pid), "--output", data},
                              {},
                              words}));
  for (const double deadline = now_s() + attach_limit_s; !samples(perf_->pid()) && complaint_.empty();) {
    ::poll(nullptr, 0, 5);
    if (const auto status = perf_->ended())
      complaint_ = WIFEXITED(*status) && WEXITSTATUS(*status) == 127
                       ? "perf is not installed"
                       : "perf does not run here: " + first_words(read_all(words));
    else if (now_s() > deadline) complaint_ = "perf did not begin in time";
  }
}

std::string Profiler::finish(const std::string& directory, const std::string& name) {
  if (!complaint_.empty()) return "no CPU profile: " + complaint_;
  (void)perf_->stop(SIGINT, write_limit);
  const std::string data = (scratch_.path() / "perf.data").string();
  const std::string script = (scratch_.path() / "stacks.txt").string();
  const std::string command =
      "perf script --no-inline --fields comm,ip,sym --input '" + data + "' > '" + script + "' 2>/dev/null";
  if (std::system(command.c_str()) != 0) return "no CPU profile: perf does not read back what it has written";
  std::ifstream in(script);
  const std::string folded = fold_stacks(in);
  const fs::path target = fs::path(directory) / (name + ".folded");
  fs::create_directories(directory);
  std::ofstream out(target);
  out << folded;
  if (!out.flush()) throw BenchError("cannot write " + target.string());
  return "CPU profile: " + target.string() + ", " + std::to_string(std::count(folded.begin(), folded.end(), '\n')) +
         " different stacks";
}

// A sample is the name of the thread, then one line per frame, innermost first, then an empty line.
std::string fold_stacks(std::istream& script) {
  std::map<std::string, std::uint64_t> stacks;
  std::string thread;
  std::vector<std::string> frames;
  const auto end_sample = [&] {
    if (thread.empty()) return;
    std::string stack = thread;
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) stack += ";" + *frame;
    ++stacks[stack];
    thread.clear(), frames.clear();
  };
  for (std::string line; std::getline(script, line);) {
    const auto begin = line.find_first_not_of(" \t");
    if (begin == std::string::npos) {
      end_sample();
    } else if (begin == 0) {
      end_sample();
      thread = line.substr(0, line.find_last_not_of(" \t:") + 1);
    } else if (const auto space = line.find(' ', begin); space != std::string::npos) {
      std::string name = line.substr(space + 1);
      std::replace(name.begin(), name.end(), ';', ':');
      frames.push_back(std::move(name));
    }
  }
  end_sample();
  std::string text;
  for (const auto& [stack, n] : stacks) text += stack + " " + std::to_string(n) + "\n";
  return text;
}

}  // namespace dlt::bench
