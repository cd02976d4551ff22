#include "doorbell.hpp"

#include <catch2/catch.hpp>

#include <pthread.h>

#include <thread>

#include "support/isolated.hpp"

using namespace dlt;
using namespace dlt::detail;
using namespace dlt::test;

TEST_CASE("a thread that is to be cancelled may ring: it ends where the application lets it, not in the library") {
  CHECK(isolated([] {
          Doorbell bell;
          expect(!bell.open(), "open");
          bell.announce_parked();
          bool went_on = false;
          std::thread([&] {
            pthread_cancel(pthread_self());
            bell.ring();
            went_on = true;
            pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
          }).join();

          expect(went_on, "the thread has gone on");
          expect_equal(bell.rings(), 1U, "rings");
          std::uint64_t n = 0;
          expect(::read(bell.fd(), &n, sizeof n) == sizeof n && n == 1, "the sender hears it");
        }) == "");
}
