// The application that the end-to-end tests log with. It does what the lines on its stdin say and answers each with one
// line on stdout, so that a test can go step by step without sleeping:
//
//   types                       logs each kind of argument once                  -> types
//   say LEVEL TEXT              one message in context MAIN                      -> say 0|1 (was it queued)
//   burst THREADS COUNT [FIRST] each thread logs {thread, sequence}, all at once -> burst
//   mode MODE TIMEOUT_MS        overflow mode of every buffer                    -> mode
//   flush MS                                                                     -> flush 0|1
//   stats                       the books                                        -> stats name=value …
//   connected                                                                    -> connected 0|1 connects
//   quit                        ends the session as a program should             -> nothing
//
// Unasked: "level LEVEL AT" when a client has changed MAIN's level, "injected SERVICE TEXT"; AT is CLOCK_MONOTONIC in
// ns. Its queues and options come from the environment, as the library documents.
#include <dlt/dlt.hpp>

#include <time.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

struct Position {
  double latitude = 0;
  double longitude = 0;
};
template <>
struct dlt::Encoder<Position> {
  static void encode(ArgumentWriter& out, const Position& p) noexcept {
    out.number(p.latitude), out.number(p.longitude);
  }
};

namespace {

using namespace std::chrono_literals;

enum class Gear : std::uint8_t { first = 1, second = 2 };

void answer(const std::string& line) {
  static std::mutex one_at_a_time;  // callbacks come on the library's thread
  const std::lock_guard lock(one_at_a_time);
  std::cout << line << std::endl;
}

std::uint64_t monotonic_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(t.tv_nsec);
}

// The messages of types_test.cpp, which knows how the tools of others show each of them.
void log_types(dlt::Context& c) {
  const std::string text = "owned";
  const std::byte raw[] = {std::byte{0xde}, std::byte{0xad}, std::byte{0x00}, std::byte{0x41}};
  DLT_INFO(c, "plain text");
  DLT_INFO(c, "{}{}", true, false);
  DLT_WARN(c, "{}{}{}{}", std::int8_t{-8}, std::int16_t{-1600}, std::int32_t{-320000}, std::int64_t{-64000000000});
  DLT_ERROR(c, "{}{}{}{}", std::uint8_t{8}, std::uint16_t{1600}, std::uint32_t{320000}, ~std::uint64_t{0});
  DLT_FATAL(c, "{}{}{}", 1.5F, -2.25e10, 3.14159265358979);
  DLT_INFO(c, "{}", std::span<const std::byte>(raw));
  DLT_INFO(c, "{}{}{}{}", dlt::hex(std::uint8_t{0xab}), dlt::hex(std::uint16_t{0xabc}),
           dlt::hex(std::uint32_t{0xabcdef}), dlt::hex(std::uint64_t{0x123456789abcdef}));
  DLT_INFO(c, "{}{}", dlt::bin(std::uint8_t{5}), dlt::bin(std::uint16_t{0x8001}));
  DLT_INFO(c, "{}{}{}{}", text, std::string_view("view"), "grüße €", 'c');
  DLT_INFO(c, "leg {} of {} planned in {}", 2, 5U, 13ms);
  DLT_INFO(c, "detour", dlt::kv("reason", "works"), dlt::kv("length", 7));
  DLT_INFO(c, "at {} in {}", Position{52.5, 13.25}, Gear::second);
  DLT_INFO(c, "{}", std::string(1000, 'x'));
  DLT_DEBUG(c, "not logged: the level is info");
}

void burst(dlt::Context& c, std::uint32_t threads, std::uint64_t count, std::uint64_t first) {
  std::vector<std::jthread> all;
  for (std::uint32_t t = 0; t < threads; ++t)
    all.emplace_back([&c, t, count, first] {
      for (std::uint64_t i = first; i < first + count; ++i) DLT_INFO(c, "{}{}", t, i);
    });
}

std::string books(const dlt::Stats& s) {
  std::ostringstream out;
  out << "stats accepted=" << s.accepted << " delivered=" << s.delivered << " queued=" << s.queued
      << " full=" << s.dropped.full << " overwritten=" << s.dropped.overwritten << " timed_out=" << s.dropped.timed_out
      << " at_exit=" << s.dropped.at_exit << " too_large=" << s.dropped.too_large << " nested=" << s.dropped.nested;
  bool close = s.closes();
  for (const auto& buffer : s.buffers) close = close && buffer.closes();
  out << " closes=" << close << " buffers=" << s.buffers.size();
  return out.str();
}

void obey(const std::string& line, dlt::Session& session, dlt::Context& main, dlt::Context& numbers) {
  std::istringstream in(line);
  std::string command;
  in >> command;
  if (command == "types") {
    log_types(main);
    answer("types");
  } else if (command == "say") {
    std::string level;
    std::string text;
    std::getline(in >> level >> std::ws, text);
    const bool queued = dlt::log(main, dlt::parse_level(level).value_or(dlt::Level::info), "{}", text);
    answer("say " + std::to_string(queued));
  } else if (command == "burst") {
    std::uint32_t threads = 0;
    std::uint64_t count = 0;
    std::uint64_t first = 0;
    in >> threads >> count >> first;
    burst(numbers, threads, count, first);
    answer("burst");
  } else if (command == "mode") {
    int mode = 0;
    int timeout = 0;
    in >> mode >> timeout;
    const auto buffers = static_cast<std::uint32_t>(session.stats().buffers.size());
    std::error_code error;
    for (std::uint32_t b = 0; b < buffers && !error; ++b)
      error = session.set_overflow(b, static_cast<dlt::OverflowMode>(mode), std::chrono::milliseconds(timeout));
    answer(error ? "mode " + error.message() : "mode");
  } else if (command == "flush") {
    int ms = 0;
    in >> ms;
    answer("flush " + std::to_string(session.flush(std::chrono::milliseconds(ms))));
  } else if (command == "stats") {
    answer(books(session.stats()));
  } else if (command == "connected") {
    answer("connected " + std::to_string(session.connected()) + " " + std::to_string(session.stats().connects));
  } else {
    answer("unknown command " + command);
  }
}

}  // namespace

int main() {
  auto session = dlt::start({.app = "E2EA", .description = "end to end"});
  if (!session) {
    std::cerr << session.error().message() << '\n';
    return 1;
  }
  dlt::Context main("MAIN", "what tests say");
  dlt::Context numbers("NUMS", "thread and sequence");
  main.on_level_change([](dlt::Level level) {
    answer("level " + std::string(dlt::name(level)) + " " + std::to_string(monotonic_ns()));
  });
  main.on_injection(0x1000, [](std::uint32_t service, std::span<const std::byte> data) {
    answer("injected " + std::to_string(service) + " " +
           std::string(reinterpret_cast<const char*>(data.data()), data.size()));
  });

  for (std::string line; std::getline(std::cin, line) && line != "quit";) obey(line, *session, main, numbers);
}
