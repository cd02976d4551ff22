#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "end_to_end/app.hpp"

namespace dlt::test {

namespace {

App::Environment with_address(App::Environment environment, const std::string& address) {
  environment.emplace("DLT_DAEMON_ADDRESS", address);
  return environment;
}

}  // namespace

std::uint64_t Books::dropped() const {
  std::uint64_t sum = 0;
  for (const char* cause : {"full", "overwritten", "timed_out", "at_exit", "too_large", "nested"})
    sum += by_name.at(cause);
  return sum;
}

bool Books::close() const {
  const Books& self = *this;
  return self["closes"] == 1 && self["accepted"] == self["delivered"] + self["queued"] + dropped();
}

App::App(const Daemon& daemon, Environment environment) : App(with_address(std::move(environment), daemon.address())) {}

App::App(const Environment& environment)
    : child_({.command = {DLT_E2E_APP}, .environment = environment, .out = dir_ / "out", .with_input = true}) {}

std::string App::told(const std::string& word, std::chrono::milliseconds limit) {
  std::string rest;
  std::size_t& seen = seen_[word];
  const bool came = eventually(
      [&] {
        std::istringstream out(read_file(dir_.path() / "out"));
        std::size_t n = 0;
        for (std::string line; std::getline(out, line) && !out.eof();) {
          if (line != word && line.rfind(word + " ", 0) != 0) continue;
          if (n++ < seen) continue;
          rest = line.substr(std::min(line.size(), word.size() + 1));
          return true;
        }
        return false;
      },
      limit);
  if (!came) throw std::runtime_error("the application did not say '" + word + "'");
  ++seen;
  return rest;
}

std::string App::ask(const std::string& command, std::chrono::milliseconds limit) {
  child_.say(command);
  return told(command.substr(0, command.find(' ')), limit);
}

Books App::books() {
  Books books;
  std::istringstream in(ask("stats"));
  for (std::string item; in >> item;) {
    const auto equals = item.find('=');
    books.by_name[item.substr(0, equals)] = std::stoull(item.substr(equals + 1));
  }
  return books;
}

void App::wait_until_connected(unsigned connects) {
  const bool connected = eventually([&] {
    std::istringstream in(ask("connected"));
    int now = 0;
    unsigned times = 0;
    in >> now >> times;
    return now == 1 && times >= connects;
  });
  if (!connected) throw std::runtime_error("the application did not connect");
}

std::optional<int> App::quit() {
  child_.say("quit");
  return child_.wait();
}

}  // namespace dlt::test
