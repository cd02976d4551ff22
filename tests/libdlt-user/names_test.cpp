// What support/names.hpp promises, in place of the C library's getaddrinfo().
#include "libdlt-user/support/names.hpp"

#include <catch2/catch.hpp>

#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>

#include <atomic>
#include <mutex>
#include <string_view>

#include "support/deadline.hpp"

namespace {

std::mutex mutex;
std::vector<std::string> numbers;
std::atomic<bool> held_back{false};
std::atomic<int> begun{0};
std::atomic<int> ended{0};

using LookUp = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
LookUp c_library() {
  static const auto real = reinterpret_cast<LookUp>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real;
}

bool is_number(const addrinfo* hints) { return hints != nullptr && (hints->ai_flags & AI_NUMERICHOST) != 0; }

// The lists of all numbers, one behind the other, as freeaddrinfo() takes them.
int list_of(const std::vector<std::string>& all, const char* service, const addrinfo* hints, addrinfo** found) {
  addrinfo** end = found;
  *found = nullptr;
  for (const std::string& number : all) {
    if (const int wrong = c_library()(number.c_str(), service, hints, end)) return wrong;
    while (*end != nullptr) end = &(*end)->ai_next;
  }
  return *found != nullptr ? 0 : EAI_NONAME;
}

}  // namespace

extern "C" int getaddrinfo(const char* __restrict node, const char* __restrict service,
                           const addrinfo* __restrict hints, addrinfo** __restrict found) {
  if (node == nullptr || !std::string_view(node).ends_with(".test") || is_number(hints))
    return c_library()(node, service, hints, found);
  begun.fetch_add(1);
  (void)dlt::test::eventually([] { return !held_back.load(); });
  const std::vector<std::string> all = [] {
    const std::lock_guard lock(mutex);
    return numbers;
  }();
  const int result = list_of(all, service, hints, found);
  ended.fetch_add(1);
  return result;
}

namespace dlt::test::names {

void stand_for(std::vector<std::string> those) {
  const std::lock_guard lock(mutex);
  numbers = std::move(those);
  begun = ended = 0;
}
void hold_back() { held_back = true; }
void answer() { held_back = false; }
int asked() { return begun.load(); }
int answered() { return ended.load(); }

}  // namespace dlt::test::names

TEST_CASE("a name of a test stands for the numbers that the test says, in their order") {
  dlt::test::names::stand_for({"127.0.0.3", "127.0.0.2"});
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;

  REQUIRE(::getaddrinfo("two.test", "1", &hints, &found) == 0);

  const auto last_byte = [](const addrinfo* a) {
    return ntohl(reinterpret_cast<const sockaddr_in*>(a->ai_addr)->sin_addr.s_addr) & 0xff;
  };
  CHECK(last_byte(found) == 3);
  REQUIRE(found->ai_next != nullptr);
  CHECK(last_byte(found->ai_next) == 2);
  CHECK(found->ai_next->ai_next == nullptr);
  ::freeaddrinfo(found);
}
