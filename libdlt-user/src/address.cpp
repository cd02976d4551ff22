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

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  if (text.starts_with("tcp:")) return parse_tcp(text.substr(4));
  if (!text.starts_with("unix:")) return Errc::invalid_argument;
  Address a;
  a.path = text.substr(5);
  if (a.path.empty() || a.path.size() > max_path || a.path.find('\0') != std::string::npos)
    return Errc::invalid_argument;
  return a;
}

std::string Address::text() const {
  if (kind == Kind::unix_path) return "unix:" + path;
  const bool bracket = host.find(':') != std::string::npos;
  return "tcp:" + (bracket ? "[" + host + "]" : host) + ":" + port;
}

std::vector<Address> default_addresses(const char* runtime_dir) {
  std::vector<Address> all;
  all.push_back({Address::Kind::unix_path, "/run/dlt/app.sock", {}, {}});
  if (runtime_dir != nullptr)
    if (auto a = Address::parse("unix:" + std::string(runtime_dir) + "/dlt/app.sock")) all.push_back(*a);
  return all;
}

}  // namespace dlt::detail
