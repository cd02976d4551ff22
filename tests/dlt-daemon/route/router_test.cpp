#include "route/router.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/spans.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
using Numbers = std::vector<std::uint32_t>;

namespace {
const Clock::time_point now{};

// What a client that takes nothing is left with.
std::deque<FrameSpan> all_of(std::deque<FrameSpan> first, const RecordingSink& client) {
  first.insert(first.end(), client.spans.begin(), client.spans.end());
  return first;
}
}  // namespace

TEST_CASE("without a client messages are kept for the first one") {
  Pool pool(4096);
  Router router(Replay::unread, 10'000);
  RecordingSink client;
  router.route(numbered(pool, 0, 2), now);

  CHECK(numbers_in(router.add_client(client)) == Numbers{0, 1});

  router.route(numbered(pool, 2, 1), now);
  CHECK(numbers_in(client.spans) == Numbers{2});
  CHECK(router.backlog().bytes() == 0);
  CHECK(router.total().messages == 3);
}

TEST_CASE("unread: the second client gets nothing twice, always: it gets everything kept") {
  for (const auto replay : {Replay::unread, Replay::always}) {
    Pool pool(4096);
    Router router(replay, 10'000);
    RecordingSink first;
    RecordingSink second;
    router.route(numbered(pool, 0, 2), now);
    (void)router.add_client(first);
    router.route(numbered(pool, 2, 1), now);

    const auto given = numbers_in(router.add_client(second));

    CHECK(given == (replay == Replay::unread ? Numbers{} : Numbers{0, 1, 2}));
  }
}

TEST_CASE("a broken link gets what clients get, and the backlog goes on beside it") {
  Pool pool(4096);
  Router router(Replay::unread, 10'000);
  RecordingSink link;
  router.add_waiting(link, 0);
  router.route(numbered(pool, 0, 2), now);
  router.notify(numbered(pool, 2, 1), now);
  FrameSpan stored = numbered(pool, 3, 1);
  stored.stored_only = true;
  router.route(stored, now);

  CHECK(numbers_in(link.spans) == Numbers{0, 1, 2});
  CHECK(numbers_in(router.backlog().spans()) == Numbers{0, 1});
  CHECK(router.clients() == 0);

  router.remove_waiting(link);
  router.route(numbered(pool, 4, 1), now);
  CHECK(link.spans.size() == 2);
}

TEST_CASE("what the last client was not sent goes back to the backlog") {
  Pool pool(4096);
  Router router(Replay::unread, 10'000);
  RecordingSink client;
  (void)router.add_client(client);

  router.remove_client(client, {numbered(pool, 5, 2)});
  router.route(numbered(pool, 7, 1), now);

  CHECK(numbers_in(router.backlog().spans()) == Numbers{5, 6, 7});
}

TEST_CASE(
    "what other clients have is not kept again, but the backlog that only one had is, and what came before them") {
  Pool pool(4096);
  Router router(Replay::unread, 10'000);
  RecordingSink first;
  RecordingSink second;
  router.route(numbered(pool, 0, 2), now);
  auto unsent = router.add_client(first);
  router.route(numbered(pool, 2, 1), now);
  (void)router.add_client(second);
  router.route(numbered(pool, 3, 2), now);

  router.remove_client(first, all_of(std::move(unsent), first));

  CHECK(numbers_in(router.backlog().spans()) == Numbers{0, 1, 2});
}

TEST_CASE("what is older than a link that is waited for is nobody else's, and what came since is anybody's") {
  Pool pool(4096);
  Router router(Replay::unread, 10'000);
  RecordingSink viewer;
  RecordingSink link;
  RecordingSink other;
  RecordingSink gateway;
  router.route(numbered(pool, 0, 2), now);
  auto unsent = router.add_client(viewer);
  router.add_waiting(link, router.total().bytes);
  router.route(numbered(pool, 2, 1), now);
  router.remove_client(viewer, all_of(std::move(unsent), viewer));
  router.route(numbered(pool, 3, 1), now);

  CHECK(numbers_in(router.add_client(other)) == Numbers{2, 3});
  router.remove_client(other, {});
  CHECK(numbers_in(router.backlog().spans()) == Numbers{0, 1});

  CHECK(router.add_client(gateway).empty());
  router.remove_waiting(link);
  CHECK(numbers_in(router.begin_link(gateway, 60)) == Numbers{0, 1});
  CHECK(router.backlog().bytes() == 0);
  CHECK(numbers_in(link.spans) == Numbers{2, 3});
}

TEST_CASE("once a link is over, what is older than it is the next client's") {
  Pool pool(4096);
  Router router(Replay::unread, 10'000);
  RecordingSink link;
  RecordingSink next;
  router.route(numbered(pool, 0, 2), now);
  router.add_waiting(link, router.total().bytes);
  router.route(numbered(pool, 2, 1), now);
  router.remove_waiting(link);
  CHECK(numbers_in(router.add_client(next)) == Numbers{0, 1, 2});
}

TEST_CASE("a gateway that goes on with its link has what came since, wherever it is, and takes only what is older") {
  Pool pool(4096);
  Router router(Replay::unread, 10'000);
  RecordingSink gateway;
  RecordingSink viewer;
  router.route(numbered(pool, 0, 2), now);
  auto unsent = router.add_client(viewer);
  for (const std::uint32_t n : {2U, 3U}) router.route(numbered(pool, n, 1), now);
  (void)router.add_client(gateway);
  router.route(numbered(pool, 4, 1), now);
  router.remove_client(viewer, all_of(std::move(unsent), viewer));
  CHECK(numbers_in(router.backlog().spans()) == Numbers{0, 1, 2, 3});

  CHECK(numbers_in(router.begin_link(gateway, 90)) == Numbers{0, 1, 2});
  CHECK(router.backlog().bytes() == 0);
  CHECK(router.since(gateway) == 90);

  (void)router.add_client(viewer);
  router.remove_client(viewer, {gateway.spans.at(0), numbered(pool, 9, 1)});
  CHECK(numbers_in(router.backlog().spans()) == Numbers{9});
}

TEST_CASE("always: the backlog has everything, a link takes nothing out of it and gives nothing back") {
  Pool pool(4096);
  Router router(Replay::always, 10'000);
  RecordingSink link;
  RecordingSink gateway;
  router.route(numbered(pool, 0, 2), now);
  router.add_waiting(link, router.total().bytes);
  CHECK(numbers_in(router.add_client(gateway)) == Numbers{0, 1});
  CHECK(router.begin_link(gateway, 60).empty());
  CHECK(router.take_older(60).empty());
  router.give_back({numbered(pool, 9, 1)});
  CHECK(numbers_in(router.backlog().spans()) == Numbers{0, 1});
}

TEST_CASE("where always becomes unread, nobody gets once more what he was given") {
  const bool viewer_is_there = GENERATE(false, true);
  Pool pool(4096);
  Router router(Replay::always, 10'000);
  RecordingSink link;
  RecordingSink viewer;
  router.route(numbered(pool, 0, 2), now);
  router.add_waiting(link, router.total().bytes);
  router.route(numbered(pool, 2, 1), now);
  if (viewer_is_there) (void)router.add_client(viewer);
  router.reconfigure(Replay::unread, 10'000);
  CHECK(numbers_in(router.backlog().spans()) == (viewer_is_there ? Numbers{} : Numbers{2}));
}

TEST_CASE("where unread becomes always, what clients and links are still to be sent is not lost with them") {
  Pool pool(4096);
  Router router(Replay::unread, 10'000);
  RecordingSink link;
  RecordingSink slow;
  RecordingSink slower;
  router.route(numbered(pool, 0, 1), now);
  router.add_waiting(link, router.total().bytes);  // older than it: 0, in the backlog
  router.route(numbered(pool, 1, 1), now);
  const auto first = router.add_client(slower);  // 1
  slower.spans.assign(first.begin(), first.end());
  router.route(numbered(pool, 2, 1), now);
  (void)router.add_client(slow);
  router.route(numbered(pool, 3, 2), now);

  router.reconfigure(Replay::always, 10'000);
  router.route(numbered(pool, 5, 1), now);

  router.remove_client(slower, {slower.spans.begin(), slower.spans.end()});
  router.remove_client(slow, {slow.spans.begin(), slow.spans.end()});
  CHECK(numbers_in(router.backlog().spans()) == Numbers{0, 1, 2, 3, 4, 5});
  CHECK(router.backlog().bytes() == 6 * 30);
}

TEST_CASE("storage gets everything, notices go to clients only and are not kept") {
  Pool pool(4096);
  Router router(Replay::unread, 10'000);
  RecordingSink storage;
  RecordingSink client;
  router.add_storage(storage);
  router.route(numbered(pool, 0, 1), now);
  router.notify(numbered(pool, 99, 1), now);
  CHECK(router.backlog().bytes() == 30);
  (void)router.add_client(client);
  router.notify(numbered(pool, 99, 1), now);
  router.route(numbered(pool, 1, 1), now);

  CHECK(numbers_in(storage.spans) == Numbers{0, 1});
  CHECK(numbers_in(client.spans) == Numbers{99, 1});
}

TEST_CASE("one sink that holds back is enough") {
  Router router(Replay::unread, 0);
  RecordingSink a;
  RecordingSink b;
  router.add_storage(a);
  (void)router.add_client(b);
  CHECK_FALSE(router.holds_back(now));
  b.holds = true;
  CHECK(router.holds_back(now));
  b.holds = false;
  a.holds = true;
  CHECK(router.holds_back(now));
}

TEST_CASE("what is only to be stored goes to storage, but to no client and not into the backlog") {
  Pool pool(4096);
  Router router(Replay::always, 10'000);
  RecordingSink storage;
  RecordingSink client;
  router.add_storage(storage);
  (void)router.add_client(client);
  auto span = numbered(pool, 0, 2);
  span.stored_only = true;

  router.route(span, now);
  router.route(numbered(pool, 2, 1), now);

  CHECK(numbers_in(storage.spans) == Numbers{0, 1, 2});
  CHECK(numbers_in(client.spans) == Numbers{2});
  CHECK(numbers_in(router.backlog().spans()) == Numbers{2});
  CHECK(router.total().messages == 3);
}
