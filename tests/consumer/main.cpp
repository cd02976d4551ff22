// Uses each part of the installed headers once, with no daemon there: the messages stay queued and the books close.
#include <dlt/dlt.hpp>

#include <chrono>
#include <cstdio>
#include <iostream>

struct Position {
  double latitude, longitude;
};
template <>
struct dlt::Encoder<Position> {
  static void encode(ArgumentWriter& out, const Position& p) noexcept {
    out.number(p.latitude), out.number(p.longitude);
  }
};

int main() {
  using namespace std::chrono_literals;
  auto session = dlt::start({.app = "CONS", .address = "unix:/nonexistent/app.sock", .exit_flush = 0ms});
  if (!session) {
    std::cerr << session.error().message() << '\n';
    return 1;
  }
  dlt::Context context("MAIN", "installed headers", *dlt::parse_level("info"));

  DLT_INFO(context, "at {} after {}", Position{52.5, 13.4}, 13ms);
  dlt::warn(context, "detour", dlt::kv("reason", "works"));
  DLT_DEBUG(context, "{}", "off");

  const dlt::Stats stats = session->stats();
  std::printf("accepted %llu queued %llu closes %d level %s\n", static_cast<unsigned long long>(stats.accepted),
              static_cast<unsigned long long>(stats.queued), static_cast<int>(stats.closes()),
              dlt::name(context.level()).data());
  const auto again = dlt::start({.app = "CONS"});
  return again.error() == dlt::Errc::already_started ? 0 : 2;
}
