#include "address.hpp"

#include <charconv>

namespace dlt::detail {

namespace {

bool valid_port(std::string_view text) noexcept {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

Result<Address> parse_tcp(std::string_view rest) {
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || !valid_port(rest.substr(colon + 1)))
    return Errc::invalid_argument;
  std::string_view host = rest.substr(0, colon);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return Errc::invalid_argument;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return Errc::invalid_argument;  // an IPv6 address needs its brackets
  }
  Address a;
  a.kind = Address::Kind::tcp;
  a.host = host;
  a.port = rest.substr(colon + 1);
  return a;
}

Result<Address> parse_path(Address::Kind kind, std::string_view path, std::size_t longest) {
  if (path.empty() || path.size() > longest || path.find('\0') != std::string_view::npos) return Errc::invalid_argument;
  Address a;
  a.kind = kind;
  a.path = path;
  return a;
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  if (text.starts_with("tcp:")) return parse_tcp(text.substr(4));
  if (text.starts_with("unix:")) return parse_path(Kind::unix_path, text.substr(5), max_path);
  if (text.starts_with("fifo:")) return parse_path(Kind::fifo, text.substr(5), max_directory);
  return Errc::invalid_argument;
}

std::string Address::text() const {
  if (kind == Kind::unix_path) return "unix:" + path;
  if (kind == Kind::fifo) return "fifo:" + path;
  const bool bracket = host.find(':') != std::string::npos;
  return "tcp:" + (bracket ? "[" + host + "]" : host) + ":" + port;
}

std::vector<Address> default_addresses(const char* runtime_dir, const std::string& pipe_directory) {
  std::vector<Address> all;
  const auto add = [&all](const std::string& text) {
    if (auto a = Address::parse(text)) all.push_back(*a);
  };
  add("unix:/run/dlt/app.sock");
  if (runtime_dir != nullptr) add("unix:" + std::string(runtime_dir) + "/dlt/app.sock");
  add("fifo:" + pipe_directory);
  for (Address& a : all) a.by_default = true;
  return all;
}

}  // namespace dlt::detail
