// A daemon whose applications die: by hand-made memory, so that every state of it, honest or not, can be had.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>

#include <atomic>
#include <iostream>
#include <random>
#include <thread>

#include "dlt-daemon/support/batches.hpp"
#include "dlt-daemon/support/running_daemon.hpp"
#include "support/arena_file.hpp"

using namespace dlt;
using namespace dlt::test;
using dlt::daemon::Fd;
namespace local = dlt::proto::local;

namespace {

constexpr std::size_t frame_size = frame_headers + 4;

#if defined(DLT_WITH_ASAN) || defined(DLT_WITH_TSAN) || defined(DLT_TEST_SMALL)
constexpr int hostile_rounds = 30;
#else
constexpr int hostile_rounds = 150;
#endif

std::string hello() { return encoded(local::Hello{}); }

std::string announcement(const ArenaFile& file) {
  return encoded(local::Memfd{layout::version, layout::granule, file.size()});
}

// An application that says what it is, hands over its memory, sends `stream` and is gone. `instance`: it goes on where
// an earlier connection broke off, so it waits for the daemon's word first.
void live_and_die(RunningDaemon& d, const ArenaFile& file, const std::string& stream, std::uint64_t instance = 0) {
  Peer app = d.app();
  local::Hello who;
  who.instance = instance;
  REQUIRE(app.send(encoded(who) + registration()));
  if (instance != 0) REQUIRE_FALSE(app.receive().empty());
  const Fd memory(file.descriptor());
  REQUIRE(app.send_with(announcement(file), memory.get()));
  REQUIRE(app.send(stream));
}

ArenaFile ten_frames() {
  ArenaFile file;
  file.slot(1, 2);
  file.chunk(1, 1, frames(0, 10), 10);
  return file;
}

bool nobody_left(const RunningDaemon& d) {
  return eventually([&] {
    const auto status = d.status();
    for (const auto& app : status["applications"])
      if (app["connected"]) return false;
    return true;
  });
}

}  // namespace

TEST_CASE("an application that dies before its first batch has its messages salvaged") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();

  live_and_die(d, ten_frames(), "");

  CHECK(client.numbers(10) == range(0, 10));
  REQUIRE(nobody_left(d));
  const auto status = d.status();
  CHECK(status["totals"]["salvaged_messages"] == 10);
  CHECK(status["totals"]["garbage_bytes"] == 0);
  CHECK(status["refused"]["memory"] == 0);
  CHECK(status["applications"][0]["statistics"][2]["accepted"] == 10);
}

TEST_CASE("a stream that is cut at any byte is completed from the memory, each frame once") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  const std::string stream = batch_of(1, 1, 0, frames(0, 2)) + batch_of(1, 1, 2 * frame_size, frames(2, 5));

  for (std::size_t cut = 0; cut <= stream.size(); cut += 7) {
    CAPTURE(cut);
    live_and_die(d, ten_frames(), stream.substr(0, cut));
    REQUIRE(client.numbers(10) == range(0, 10));
  }
  REQUIRE(nobody_left(d));
  CHECK(d.status()["totals"]["garbage_bytes"] == 0);
}

TEST_CASE("a stream that broke off twice, the second time in what came again, is completed from the memory") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  const std::string once = batch_of(1, 1, 0, frames(0, 4));
  const std::string again = batch_of(1, 1, 0, frames(0, 7));
  std::uint64_t instance = 0;

  for (const std::size_t first : {once.size() - 1, once.size()})
    for (std::size_t second = 0; second <= again.size(); second += 7) {
      CAPTURE(first, second);
      local::Hello same;
      same.instance = ++instance;
      {
        Peer app = d.app();
        REQUIRE(app.send(encoded(same) + registration() + once.substr(0, first)));
      }
      live_and_die(d, ten_frames(), again.substr(0, second), instance);
      REQUIRE(client.numbers(10) == range(0, 10));
    }
  REQUIRE(nobody_left(d));
  CHECK(d.status()["totals"]["garbage_bytes"] == 0);
  CHECK(d.status()["totals"]["received_messages"] == 10 * instance);
}

TEST_CASE("the losses of an application that dies are told to clients, as far as it had not told them") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  ArenaFile file;
  file.put64(file.slot(1, 2) + 104, 12);  // full
  std::vector<std::byte> entries(local::Loss::entry_size);
  proto::ByteWriter out(entries);
  local::Loss::put(out, {2, local::LossCause::full, 5});
  REQUIRE(d.clients(1));

  live_and_die(d, file, encoded(local::Loss{"APP1", entries}));

  CHECK(proto::load_le<std::uint32_t>(client.control(0x14).data() + 28) == 5);
  CHECK(proto::load_le<std::uint32_t>(client.control(0x14).data() + 28) == 7);
  REQUIRE(nobody_left(d));
  CHECK(d.status()["applications"][0]["lost"]["full"] == 12);
}

TEST_CASE("nothing is salvaged from an application that said good-bye, or that lives") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  const bool lives = GENERATE(false, true);
  const ArenaFile file = ten_frames();
  {
    Peer app = d.app();
    REQUIRE(app.send(hello() + registration()));
    const Fd memory(file.descriptor());
    struct flock first_byte {};
    first_byte.l_type = F_WRLCK;
    first_byte.l_len = 1;
    if (lives) REQUIRE(::fcntl(memory.get(), F_SETLK, &first_byte) == 0);
    REQUIRE(app.send_with(announcement(file), memory.get()));
    REQUIRE(app.send(lives ? std::string() : encoded(local::Bye{})));
    REQUIRE(eventually([&] { return d.status()["applications"].size() == 1; }));
    app.close();
    REQUIRE(nobody_left(d));
  }
  CHECK(d.status()["totals"]["received_messages"] == 0);
  CHECK(d.status()["totals"]["salvaged_messages"] == 0);
}

TEST_CASE("memory that is not as it should be costs its owner the connection, and is counted [F12]") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  Peer good = d.app();
  REQUIRE(good.send(registration("GOOD")));
  const ArenaFile file = ten_frames();
  struct Offer {
    std::string announcement;
    int fd;
  };
  const auto announced = [](std::uint32_t version, std::uint32_t granule, std::uint64_t size) {
    return encoded(local::Memfd{version, granule, size});
  };
  const Offer offers[] = {
      {announcement(file), file.descriptor(0)},
      {announcement(file), file.descriptor(F_SEAL_SHRINK)},
      {announcement(file), file.descriptor(F_SEAL_GROW)},
      {announcement(file), file.descriptor(F_SEAL_SHRINK | F_SEAL_GROW)},
      {announced(1, layout::granule, file.size()), file.descriptor()},
      {announced(layout::version, 0, file.size()), file.descriptor()},
      {announced(layout::version, layout::granule, file.size() * 2), file.descriptor()},
      {announced(layout::version, layout::granule, file.size() - 1), file.descriptor()},
      {announced(layout::version, layout::granule, 1ULL << 60), file.descriptor()},
      {announcement(file), ::open("/dev/null", O_RDWR | O_CLOEXEC)},
  };
  std::uint64_t refused = 0;
  for (const Offer& offer : offers) {
    CAPTURE(refused);
    const Fd memory(offer.fd);
    Peer app = d.app();
    REQUIRE(app.send_with(hello() + registration() + offer.announcement, memory.get()));
    while (!app.receive().empty()) {  // the answers, then the end
    }
    ++refused;
    REQUIRE(eventually([&] { return d.status()["refused"]["memory"] == refused; }));
    REQUIRE(good.send(batch(frame(static_cast<std::uint32_t>(refused)))));
    CHECK(client.numbers(1) == range(static_cast<std::uint32_t>(refused), 1));
  }
  CHECK(d.status()["totals"]["salvaged_messages"] == 0);
}

TEST_CASE("memory that makes no sense when its owner has died is refused, and is counted [F12]") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  ArenaFile file = ten_frames();
  const std::uint64_t chunk = file.used() - layout::granule;
  const std::uint64_t at =
      GENERATE_COPY(values<std::uint64_t>({0, 24, chunk, chunk + 4, chunk + 12, chunk + 16, chunk + 64}));
  file.put32(at, 0xfffffff0);

  live_and_die(d, file, "");

  CHECK(eventually([&] { return d.status()["refused"]["memory"] == 1; }));
  REQUIRE(nobody_left(d));
  CHECK(d.status()["totals"]["received_messages"] == 0);
}

TEST_CASE("memory that is changed while it is read costs nobody else anything [F12]") {
  TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  Peer good = d.app();
  REQUIRE(good.send(registration("GOOD", {"CTX2"})));
  ArenaFile file;
  file.slot(1, 2);
  for (std::uint32_t n = 1; n <= 40; ++n) file.chunk(1, n, frames(n * 1000, 100), 100);
  const std::uint64_t first = layout::first_chunk_for(file.size());
  std::mt19937 random(Catch::rngSeed());

  std::uint64_t sent = 0;
  std::uint64_t disorder = 0;
  for (int round = 0; round < hostile_rounds; ++round) {
    std::byte* mapping = nullptr;
    const Fd memory(file.descriptor(ArenaFile::all_seals, &mapping));
    std::atomic<bool> stop{false};
    std::thread writer([&, seed = random()] {
      std::mt19937 any(seed);
      while (!stop) {
        const std::uint64_t chunk = first + any() % 40 * layout::granule;
        const std::uint64_t at = any() % 4 == 0 ? any() % 1152 : chunk + any() % 200;
        reinterpret_cast<std::atomic<std::uint32_t>*>(mapping + at / 4 * 4)->store(static_cast<std::uint32_t>(any()));
      }
    });
    {
      Peer app = d.app();
      REQUIRE(app.send(hello() + registration()));
      REQUIRE(app.send_with(announcement(file), memory.get()));
    }
    REQUIRE(good.send(batch(frame(static_cast<std::uint32_t>(sent++), 0, "GOOD", "CTX2"))));
    REQUIRE(eventually([&] {
      const auto status = d.status();
      for (const auto& a : status["applications"])
        if (a["id"] == "APP1") return !a["connected"].get<bool>();
      return false;
    }));
    stop = true;
    writer.join();
    ::munmap(mapping, file.size());
    for (bool came = false; !came;) {
      const std::string f = client.frame();
      REQUIRE_FALSE(f.empty());
      came = f.size() == frame_size && f.substr(frame_headers - 8, 4) == "GOOD";
      if (came && number_of(proto::as_bytes(f)) != sent - 1) ++disorder;
    }
  }

  CHECK(disorder == 0);
  std::cout << hostile_rounds << " hostile memories: " << d.status()["refused"]["memory"] << " refused, "
            << d.status()["totals"]["garbage_bytes"] << " bytes of rubbish, " << sent << " good messages arrived\n";
}
