// An application that ends in the way that its first argument names, while three of its threads log:
//
//   ending WAY WITNESS FLUSH_MS
//
// Thread 0 is main, which logs `before` messages, flushes them when there is a daemon ("flushed 0|1" on stdout) and
// waits for a line. Then threads 1 … 3 log {thread, sequence} as fast as they can and the ending comes: "ending" on
// stdout. Slot 9 of the witness counts messages of destructors. Exit code 3: a promise was broken, said on stderr.
#include <dlt/dlt.hpp>

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "faults/witness.hpp"

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t before = 1000;
constexpr std::uint32_t last_words = 9;

dlt::test::Witness* witness = nullptr;
std::optional<dlt::Session> session;
dlt::Context numbers("NUMS", "thread and sequence");
std::atomic<bool> enough{false};

void say(const char* line) {
  std::puts(line);
  std::fflush(stdout);
}

[[noreturn]] void broken(const char* promise) {
  std::fprintf(stderr, "ending: %s\n", promise);
  _exit(3);
}

bool log_number(std::uint32_t thread, std::uint64_t sequence) {
  const bool taken = DLT_INFO(numbers, "{}{}", thread, sequence);
  if (taken) witness->count(thread);
  return taken;
}

// A refused message gets its number again: what arrives has no gaps of its own making.
void keep_logging(std::uint32_t thread) {
  for (std::uint64_t i = 0; !enough.load(std::memory_order_relaxed);)
    if (log_number(thread, i)) ++i;
}

// A destructor that logs. Made after start it comes before the end of the session, made before it comes after.
struct LastWords {
  explicit LastWords(std::uint64_t n) : number(n) {}
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;
  ~LastWords() { (void)log_number(last_words, number); }
  std::uint64_t number;
};
LastWords too_late(1'000'000);

void in_a_thread_that_ends() {
  thread_local LastWords mine(0);
  if (!log_number(last_words + 1, mine.number)) broken("a thread's message before its destructors was refused");
}

void end_session() {
  session.reset();
  for (int i = 0; i < 1000; ++i)
    if (DLT_INFO(numbers, "nobody takes this {}", i)) broken("a message was taken after the end of the session");
}

void forever() {
  for (;;) pause();
}

// Each leaves the process, or returns and lets main return.
const std::map<std::string, std::function<void()>> ways{
    {"return", [] {}},
    {"exit", [] { std::exit(0); }},
    {"exit in a thread",
     [] {
       std::thread([] { std::exit(0); }).detach();
       forever();
     }},
    {"_exit", [] { _exit(0); }},
    {"quick_exit", [] { std::quick_exit(0); }},
    {"abort", [] { std::abort(); }},
    {"terminate",
     [] {
       std::thread([] { throw 1; }).detach();
       forever();
     }},
    {"end of the session", end_session},
    {"static destructor", [] { static const LastWords one(0); }},
    {"thread_local destructor", [] { std::thread(in_a_thread_that_ends).join(); }},
    {"thread_local destructor of main",
     [] {
       thread_local const LastWords one(0);
       (void)one.number;
     }},
    {"flush meanwhile",
     [] {
       std::atomic<bool> on{false};
       std::thread([&on] {
         on = true;
         (void)session->flush(1h);
       }).detach();
       while (!on) std::this_thread::yield();
       std::exit(0);
     }},
};

}  // namespace

int main(int, char** argv) {
  const auto way = ways.find(argv[1]);
  if (way == ways.end()) broken("no such way to end");
  witness = new dlt::test::Witness(argv[2]);
  auto started = dlt::start({.app = "ENDS",
                             .buffer = {.mode = dlt::OverflowMode::block, .timeout = 1h},
                             .exit_flush = std::chrono::milliseconds(std::atoi(argv[3]))});
  if (!started) broken("start");
  session.emplace(std::move(*started));
  for (std::uint64_t i = 0; i < before; ++i)
    if (!log_number(0, i)) broken("a message was refused before anything happened");
  if (std::getenv("ENDING_WITHOUT_DAEMON") == nullptr) say(session->flush(1h) ? "flushed 1" : "flushed 0");
  say("ready");
  std::string go;
  std::getline(std::cin, go);

  std::vector<std::thread> loggers;
  for (std::uint32_t t = 1; t <= 3; ++t) loggers.emplace_back(keep_logging, t);
  while (witness->accepted(1) == 0 || witness->accepted(2) == 0 || witness->accepted(3) == 0) std::this_thread::yield();
  say("ending");
  way->second();
  if (way->first == "end of the session") {
    enough = true;
    for (auto& t : loggers) t.join();
  } else {
    for (auto& t : loggers) t.detach();
  }
}
