#include "route/frame_counter.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/wire.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

namespace {
void count(FrameCounter& counter, const std::string& f, std::size_t headers = frame_headers) {
  CHECK(counter.count(proto::as_bytes(f).data(), f.size(), headers));
}
}  // namespace

TEST_CASE("frames are counted for their application and context") {
  Registry registry{Defaults{}};
  FrameCounter counter(registry);
  counter.begin(unknown_uid);
  for (std::uint32_t i = 0; i < 3; ++i) count(counter, frame(i));
  count(counter, frame(0, 10, "APP1", "CTX2"));
  count(counter, frame(0, 0, "APP2", "CTX1"));
  count(counter, frame(3));

  CHECK(registry.counter("APP1", "CTX1").messages == 4);
  CHECK(registry.counter("APP1", "CTX1").bytes == 120);
  CHECK(registry.counter("APP1", "CTX2").bytes == 40);
  CHECK(registry.counter("APP2", "CTX1").messages == 1);
}

TEST_CASE("a frame without an extended header is counted for empty ids") {
  Registry registry{Defaults{}};
  FrameCounter counter(registry);
  count(counter, std::string("\x20\0\0\x08wxyz", 8), 4);
  CHECK(registry.counter({}, {}).messages == 1);
}

TEST_CASE("counters stay right when more contexts come than any table holds") {
  Registry registry(Defaults{}, {.applications = 8, .contexts = 5000, .departed = 1, .strangers = 5000});
  FrameCounter counter(registry);
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 3000; ++i) {
      counter.begin(unknown_uid);
      const std::string id{static_cast<char>('A' + i % 20), static_cast<char>('A' + i / 20 % 20),
                           static_cast<char>('A' + i / 400)};
      count(counter, frame(0, 0, "APP1", ContextId(id)));
    }
  std::uint64_t total = 0;
  for (const auto& [id, c] : registry.applications().at("APP1").contexts) {
    CHECK(c.received.messages == 3);
    total += c.received.messages;
  }
  CHECK(total == 9000);
}

TEST_CASE("a counter whose application was forgotten is not written any more") {
  Registry registry(Defaults{}, {.applications = 2, .contexts = 100, .departed = 1});
  FrameCounter counter(registry);
  for (int i = 0; i < 50; ++i) {
    counter.begin(unknown_uid);
    for (int k = 0; k < 4; ++k)
      count(counter, frame(0, 0, AppId(std::string("A") + std::to_string((i + k) % 7)), "CTX1"));
  }
  CHECK(registry.applications().size() <= 2);
}

TEST_CASE("frames in another user's name are told apart, whoever was asked about before") {
  Registry registry{Defaults{}};
  FrameCounter counter(registry);
  CHECK_FALSE(registry.add_application({1, 1000, 1}, {"APP1", 1, ""}));
  const auto f = frame(0);
  const auto send = [&](Uid user) {
    counter.begin(user);
    return counter.count(proto::as_bytes(f).data(), f.size(), frame_headers);
  };
  for (int i = 0; i < 3; ++i) {
    CHECK(send(1000));
    CHECK_FALSE(send(2000));
  }
  CHECK(registry.counter("APP1", "CTX1").messages == 3);
  CHECK(counter.foreign().messages == 3);

  (void)registry.remove_session(1);
  CHECK(send(2000));
}
