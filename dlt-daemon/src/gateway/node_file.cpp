#include "gateway/node_file.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "config_values.hpp"
#include "ini_lines.hpp"
#include "long_id.hpp"
#include "printable.hpp"

namespace dlt::daemon::gateway {

namespace {

using detail::number;
using detail::out_of;
using detail::Problem;
using proto::control::Service;

constexpr std::size_t most_problems = 20;
constexpr std::uint64_t longest_interval = 86'400;  // seconds
constexpr std::size_t most_requests = 16;           // of one kind, of one node

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

template <class T>
Problem set_number(T& to, std::string_view text, std::uint64_t low, std::uint64_t high) {
  const auto v = number(text);
  if (!v || *v < low || *v > high) return out_of(low, high);
  to = static_cast<T>(*v);
  return std::nullopt;
}

Problem set_seconds(std::chrono::seconds& to, std::string_view text) {
  std::uint64_t v = 0;
  auto problem = set_number(v, text, 1, longest_interval);
  if (!problem) to = std::chrono::seconds(v);
  return problem;
}

Problem set_address(NodeConfig& n, std::string_view text) {
  if (!detail::is_address(std::string(text))) return "expected a numeric address such as 192.168.2.11";
  n.address = text;
  return std::nullopt;
}

// What is longer is cut, as the incumbent does it, and told (warn_of).
Problem set_ecu(NodeConfig& n, std::string_view text) {
  const bool good = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (text.empty() || !good) return "expected one to four printable characters";
  n.ecu = EcuId(text);
  return std::nullopt;
}

Problem set_connect(NodeConfig& n, std::string_view text) {
  const auto word = lower(text);
  if (word != "onstartup" && word != "ondemand") return "expected OnStartup or OnDemand";
  n.on_startup = word == "onstartup";
  return std::nullopt;
}

// Hexadecimal, with 0x or without: those that ask and change nothing.
std::optional<Service> service_of(std::string_view text) noexcept {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  const auto v = number(text, 16);
  if (v == 0x03) return Service::get_log_info;
  if (v == 0x04) return Service::get_default_log_level;
  if (v == 0x13) return Service::get_software_version;
  return std::nullopt;
}

Problem set_at_connect(NodeConfig& n, std::string_view text) {
  std::vector<Service> all;
  bool wrong = false;
  for_each_entry(text, [&](std::string_view one) {
    const auto service = service_of(one);
    wrong = wrong || !service || all.size() == most_requests;
    if (!wrong) all.push_back(*service);
  });
  if (wrong) return "expected requests out of 0x03, 0x04 and 0x13 with ',' between them";
  n.at_connect = std::move(all);
  return std::nullopt;
}

Problem set_periodic(NodeConfig& n, std::string_view text) {
  std::vector<Periodic> all;
  bool wrong = false;
  for_each_entry(text, [&](std::string_view one) {
    const auto colon = std::min(one.find(':'), one.size());
    const auto service = service_of(trim(one.substr(0, colon)));
    std::chrono::seconds interval{};
    wrong = wrong || !service || all.size() == most_requests ||
            set_seconds(interval, trim(one.substr(std::min(colon + 1, one.size()))));
    if (!wrong) all.push_back({*service, interval});
  });
  if (wrong) return "expected requests out of 0x03, 0x04 and 0x13 and seconds (1 to 86400) such as 0x03:5,0x13:10";
  n.periodic = std::move(all);
  return std::nullopt;
}

// Nothing: there is no such key.
std::optional<Problem> set(NodeConfig& n, std::optional<bool>& serial, std::string_view key, std::string_view value) {
  if (key == "IPaddress") return set_address(n, value);
  if (key == "Port") return set_number(n.port, value, 1, 65'535);
  if (key == "EcuID") return set_ecu(n, value);
  if (key == "Connect") return set_connect(n, value);
  if (key == "Timeout") return set_number(n.retries, value, 0, 1'000'000);
  if (key == "SendControl") return set_at_connect(n, value);
  if (key == "SendPeriodicControl") return set_periodic(n, value);
  if (key != "SendSerialHeader") return std::nullopt;
  if (value != "0" && value != "1") return Problem("expected 0 or 1");
  serial = value == "1";
  return Problem();
}

class Reader {
 public:
  Reader(const std::string& file, const Own& own) : file_(file), own_(own) {}

  void section(std::size_t number, std::string_view name, std::string_view text) {
    finish();
    general_ = name == "General";
    if (general_) return;
    if (is_numbered(name, "PassiveNode")) {
      node_.emplace().name = name;
      line_ = number;
      return;
    }
    passed_over_ = true;
    say(number, "'" + printable(text, 60) + "' is no section such as [PassiveNode1]: left out");
  }
  void pair(std::size_t number, std::string_view key, std::string_view value) {
    if (passed_over_) return;
    if (general_) return general(number, key, value);
    if (!node_) return say(number, "'" + printable(key, 60) + "' stands in no section");
    const auto result = set(*node_, serial_, key, value);
    if (!result) return say(number, "[" + node_->name + "]: unknown key '" + printable(key, 60) + "'");
    if (*result) return leave_out(number, std::string(key) + " = '" + printable(value, 60) + "': " + **result);
    if (key == "EcuID") warn_of(number, value);
  }
  void rubbish(std::size_t number, std::string_view text) {
    if (!passed_over_) say(number, "expected `Key = value`, not '" + printable(text, 60) + "'");
  }
  NodeFile end() {
    finish();
    for (NodeConfig& node : out_.nodes) node.interval = interval_;
    return std::move(out_);
  }

 private:
  void general(std::size_t number, std::string_view key, std::string_view value) {
    if (key != "Interval") return say(number, "[General]: unknown key '" + printable(key, 60) + "'");
    if (const auto problem = set_seconds(interval_, value))
      say(number, "[General]: Interval = '" + printable(value, 60) + "': " + *problem);
  }
  // What no single key shows.
  [[nodiscard]] Problem check() const {
    if (node_->address.empty()) return "IPaddress is missing";
    if (node_->ecu.empty()) return "EcuID is missing";
    if (node_->ecu == own_.ecu) return "EcuID is the ECUId of this daemon itself";
    for (const NodeConfig& other : out_.nodes)
      if (other.ecu == node_->ecu) return "EcuID is that of [" + other.name + "] as well";
    if (out_.nodes.size() == most_nodes) return "only the first 25 nodes of a file are used";
    return std::nullopt;
  }
  void finish() {
    if (node_ && !wrong_)
      if (const auto problem = check()) leave_out(line_, *problem);
    if (node_ && !wrong_) {
      node_->serial_header = serial_.value_or(own_.serial_header);
      out_.nodes.push_back(*std::move(node_));
    }
    node_.reset();
    serial_.reset();
    wrong_ = general_ = passed_over_ = false;
  }
  void warn_of(std::size_t number, std::string_view ecu) {
    const auto cut = cut_id(ecu);
    if (cut && out_.warnings.size() < most_problems)
      out_.warnings.push_back(file_ + ":" + std::to_string(number) + ": [" + node_->name + "]: EcuID: " + *cut);
  }
  void leave_out(std::size_t number, const std::string& what) {
    wrong_ = true;
    say(number, "[" + node_->name + "] is left out: " + what);
  }
  void say(std::size_t number, const std::string& what) {
    if (out_.problems.size() < most_problems)
      out_.problems.push_back(file_ + ":" + std::to_string(number) + ": " + what);
  }

  const std::string& file_;
  const Own own_;
  NodeFile out_;
  std::chrono::seconds interval_{1};
  // Of the present section.
  std::optional<NodeConfig> node_;
  std::optional<bool> serial_;
  std::size_t line_ = 0;
  bool wrong_ = false;  // the node is left out
  bool general_ = false;
  bool passed_over_ = false;
};

}  // namespace

NodeFile parse_nodes(std::string_view text, const std::string& file, const Own& own) {
  Reader reader(file, own);
  read_ini(text, reader);
  return reader.end();
}

}  // namespace dlt::daemon::gateway
