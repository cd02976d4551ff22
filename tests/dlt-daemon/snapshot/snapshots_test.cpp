// A daemon with a directory for snapshots, and applications whose recorders are made by hand, honest or not.
#include "snapshot/snapshots.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <csignal>

#include "dlt-daemon/support/running_daemon.hpp"
#include "dlt-daemon/support/stored.hpp"
#include "snapshot/own_recorder.hpp"
#include "snapshot/recorder_limits.hpp"
#include "support/recorder_file.hpp"

using namespace dlt;
using namespace dlt::test;
using dlt::daemon::Fd;
namespace local = dlt::proto::local;
namespace control = dlt::proto::control;

namespace {

daemon::Config with_snapshots(const TempDir& dir) {
  auto config = config_in(dir);
  config.snapshot_directory = dir / "s";
  return config;
}

RecorderFile three_messages() {
  RecorderFile file;
  file.segment(0, 0, 1, frame(0) + frame(1) + frame(2));
  return file;
}

local::Recorder announcement(const RecorderFile& file) {
  return {proto::recorder::version, file.segment_size(), file.size()};
}

// Registers and hands over its recorder.
Peer recorded_app(const RunningDaemon& d, const RecorderFile& file, AppId app = "APP1") {
  Peer peer = d.app();
  REQUIRE(peer.send(encoded(local::Hello{}) + registration(app)));
  const Fd memory(file.descriptor());
  REQUIRE(peer.send_with(encoded(announcement(file)), memory.get()));
  return peer;
}

// What the daemon says to an application about snapshots; and its hello.
class Answers {
 public:
  struct One {
    std::uint32_t id;
    local::SnapshotAnswer::Status status;
    std::string text;
  };

  explicit Answers(Peer& peer) : peer_(peer) {}
  One next() {
    for (;;) {
      std::size_t used = 0;
      const auto m = local::decode(proto::as_bytes(bytes_), used);
      if (!m) {
        const auto more = peer_.receive();
        if (more.empty()) throw std::runtime_error("no answer");
        bytes_ += more;
        continue;
      }
      if (const auto* hello = std::get_if<local::Hello>(&*m)) capabilities = hello->capabilities;
      const auto* answer = std::get_if<local::SnapshotAnswer>(&*m);
      const One one = answer != nullptr ? One{answer->id, answer->status, std::string(answer->text)} : One{};
      bytes_.erase(0, used);
      if (answer != nullptr) return one;
    }
  }
  std::uint32_t capabilities = 0;

 private:
  Peer& peer_;
  std::string bytes_;
};

// As daemons that were killed leave them.
void leave_recorders(const TempDir& dir, std::size_t n) {
  std::string problem;
  const auto recorder = daemon::OwnRecorder::open({dir / "app.sock", daemon::recorder_bytes_least, 0, 1}, problem);
  REQUIRE(recorder);
  for (std::size_t i = 0; i < n; ++i)
    std::filesystem::copy_file(recorder->file(), dir / ("app.sock.recorder-" + std::to_string(100 + i)));
}
std::size_t recorders(const TempDir& dir) {
  const std::filesystem::directory_iterator all(dir.path());
  return static_cast<std::size_t>(std::count_if(begin(all), end(all), [](const auto& entry) {
    return entry.path().filename().string().find(".recorder-") != std::string::npos;
  }));
}

std::size_t files(const TempDir& dir) { return std::filesystem::exists(dir / "s") ? files_in(dir / "s").size() : 0; }

}  // namespace

TEST_CASE("an application that asks hears the path of a file with its messages") {
  const TempDir dir;
  RunningDaemon d(with_snapshots(dir));
  Peer app = recorded_app(d, three_messages());
  REQUIRE(app.send(encoded(local::SnapshotRequest{7, "why"})));

  Answers answers(app);
  const auto answer = answers.next();

  CHECK(answer.id == 7);
  CHECK(answer.status == local::SnapshotAnswer::Status::written);
  const std::string path = answer.text;
  CHECK(path.starts_with(dir / "s/ECU1-APP1-"));
  CHECK(stored_numbers(unpack(read_file(path))).size() == 4);
  CHECK(eventually([&] { return d.status()["snapshots"]["taken"] == 1; }));
  const auto status = d.status()["snapshots"];
  CHECK(status["last"] == path);
  CHECK(status["bytes"] == std::filesystem::file_size(path));
  CHECK(status["failed"] == 0);
}

TEST_CASE("without a directory the daemon does not offer it, and refuses in words") {
  const TempDir dir;
  RunningDaemon d(config_in(dir));
  Peer app = recorded_app(d, three_messages());
  REQUIRE(app.send(encoded(local::SnapshotRequest{7, "why"})));

  Answers answers(app);
  const auto answer = answers.next();

  CHECK(answer.status == local::SnapshotAnswer::Status::unavailable);
  CHECK_THAT(answer.text, Catch::Contains("SnapshotDirectory"));
  CHECK((answers.capabilities & local::capability::recorder) == 0);
  CHECK_FALSE(d.status()["snapshots"]["enabled"].get<bool>());
}

TEST_CASE("an application without a recorder, and one that asks too often, are refused in words") {
  const TempDir dir;
  RunningDaemon d(with_snapshots(dir));
  Peer app = d.app();
  REQUIRE(app.send(encoded(local::Hello{}) + registration()));
  std::string requests;
  for (std::uint32_t i = 0; i < 40; ++i) requests += encoded(local::SnapshotRequest{i, ""});
  REQUIRE(app.send(requests));

  std::size_t unavailable = 0;
  std::size_t busy = 0;
  Answers answers(app);
  for (std::uint32_t i = 0; i < 40; ++i) {
    const auto status = answers.next().status;
    unavailable += status == local::SnapshotAnswer::Status::unavailable;
    busy += status == local::SnapshotAnswer::Status::busy;
  }
  CHECK(unavailable >= 10);
  CHECK(busy >= 1);
  CHECK(unavailable + busy == 40);
  CHECK(files(dir) == 0);
}

TEST_CASE(
    "a recorder that is not sealed, not as large as it says, too large or of another version ends the connection") {
  const TempDir dir;
  RunningDaemon d(with_snapshots(dir));
  const RecorderFile file = three_messages();
  struct Bad {
    local::Recorder announced;
    int seals;
  };
  const std::vector<Bad> all{{announcement(file), F_SEAL_SHRINK},
                             {announcement(file), RecorderFile::all_seals & ~F_SEAL_SHRINK},
                             {{2, file.segment_size(), file.size()}, RecorderFile::all_seals},
                             {{1, file.segment_size(), file.size() + 1}, RecorderFile::all_seals},
                             {{1, file.segment_size(), 1ULL << 40}, RecorderFile::all_seals},
                             {{1, 0, file.size()}, RecorderFile::all_seals}};
  for (const Bad& bad : all) {
    Peer app = d.app();
    REQUIRE(app.send(encoded(local::Hello{}) + registration()));
    const Fd memory(file.descriptor(bad.seals));
    REQUIRE(app.send_with(encoded(bad.announced), memory.get()));
    CHECK(app.is_closed());
  }
  Peer without = d.app();
  REQUIRE(without.send(encoded(local::Hello{}) + registration() + encoded(announcement(file))));
  CHECK(without.is_closed());
  CHECK(d.status()["refused"]["memory"] == all.size() + 1);
  CHECK(files(dir) == 0);
}

TEST_CASE("a recorder that makes no sense is refused when it is read, and its application goes on") {
  const TempDir dir;
  RunningDaemon d(with_snapshots(dir));
  RecorderFile file = three_messages();
  file.put32(28, 77);  // rings that are not there
  Peer app = recorded_app(d, file);
  REQUIRE(app.send(encoded(local::SnapshotRequest{1, "why"})));

  Answers answers(app);
  const auto answer = answers.next();

  CHECK(answer.status == local::SnapshotAnswer::Status::failed);
  CHECK(answer.text == "the recorder of APP1 makes no sense");
  REQUIRE(app.send(numbered_batch(0, 10)));
  CHECK(d.received(10));
  CHECK(files(dir) == 0);
}

TEST_CASE("an application that is gone without good-bye leaves a file, one that says good-bye none") {
  const TempDir dir;
  RunningDaemon d(with_snapshots(dir));
  {
    Peer polite = recorded_app(d, three_messages(), "POLI");
    REQUIRE(polite.send(encoded(local::Bye{})));
  }
  { const Peer rude = recorded_app(d, three_messages(), "RUDE"); }

  REQUIRE(eventually([&] { return d.status()["snapshots"]["taken"] == 1; }));
  const auto all = files_in(dir / "s");
  REQUIRE(all.size() == 1);
  CHECK(all.begin()->first.find("-RUDE-") != std::string::npos);
  CHECK(all.begin()->first.find("-crash-died.dlt.zst") != std::string::npos);  // this process lives
}

TEST_CASE("a client asks for one application's or for all, and hears of each") {
  const TempDir dir;
  RunningDaemon d(with_snapshots(dir));
  std::vector<Peer> apps;
  apps.push_back(recorded_app(d, three_messages(), "ONE"));
  apps.push_back(recorded_app(d, three_messages(), "TWO"));
  REQUIRE(eventually([&] { return d.status()["applications"].size() == 2; }));
  FrameClient client = d.client();
  const auto ask = [&](AppId app) {
    REQUIRE(client.peer().send(request(control::TakeSnapshot{app})));
    return client.control(static_cast<std::uint32_t>(control::Service::snapshot));
  };
  const auto decoded = [](const std::string& f) {
    const auto r = control::decode_response(proto::as_bytes(f).subspan(22));
    REQUIRE(r);
    return std::get<control::Snapshots>(*r);
  };

  const std::string of_all = ask({});
  const std::string of_one = ask("TWO");
  const std::string of_none = ask("NONE");

  CHECK(decoded(of_all).status == control::Status::ok);
  CHECK(decoded(of_all).written == 2);
  CHECK(decoded(of_one).written == 1);
  CHECK(std::string(decoded(of_one).text).find("-TWO-") != std::string::npos);
  CHECK(decoded(of_none).status == control::Status::error);
  CHECK(files(dir) == 3);
}

TEST_CASE("who asks for all gets one of the daemon's own recorder, too: of what it received") {
  const TempDir dir;
  auto config = with_snapshots(dir);
  config.recorder_size = 1 << 20;
  RunningDaemon d(config);
  const Peer recorded = recorded_app(d, three_messages());
  Peer app = d.app();
  REQUIRE(app.send(registration("LOGS") + numbered_batch(0, 1000)));
  REQUIRE(d.received(1000));
  FrameClient client = d.client();
  const auto ask = [&](AppId of) {
    REQUIRE(client.peer().send(request(control::TakeSnapshot{of})));
    return client.control(static_cast<std::uint32_t>(control::Service::snapshot));
  };
  const auto written = [](const std::string& f) {
    const auto r = control::decode_response(proto::as_bytes(f).subspan(22));
    REQUIRE(r);
    return std::get<control::Snapshots>(*r).written;
  };

  CHECK(written(ask({})) == 2);
  CHECK(written(ask("DLTD")) == 1);
  std::size_t own = 0;
  for (const auto& [name, packed] : files_in(dir / "s")) {
    if (name.find("-DLTD-") == std::string::npos) continue;
    ++own;
    auto numbers = stored_numbers(unpack(packed));
    REQUIRE(numbers.size() == 1001);
    for (std::uint32_t i = 0; i < 1000; ++i) CHECK(numbers[i + 1] == i);
  }
  CHECK(own == 2);
  d.stop();
}

TEST_CASE("a daemon that ends at once knows of each snapshot that was written, and removes what that was of") {
  constexpr std::size_t left = daemon::OwnRecorder::most_left_over;
  const TempDir dir;
  leave_recorders(dir, left);
  auto started = daemon::Daemon::start(with_snapshots(dir));
  REQUIRE(started);
  daemon::Daemon& d = **started;

  d.stop();
  d.run();

  const auto status = nlohmann::json::parse(d.status())["snapshots"];
  CHECK(status["taken"] == files(dir));
  CHECK(status["taken"].get<std::size_t>() + status["failed"].get<std::size_t>() == left);
  CHECK(recorders(dir) == left - files(dir));
}

TEST_CASE("a daemon whose own recorder cannot be made goes on without") {
  const TempDir dir;
  auto config = with_snapshots(dir);
  config.recorder_size = 1 << 20;
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1 << 20;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  RunningDaemon d(config);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);

  Peer app = d.app();
  REQUIRE(app.send(registration() + numbered_batch(0, 10)));
  CHECK(d.received(10));
  for (const auto& entry : std::filesystem::directory_iterator(dir / ""))
    CHECK(entry.path().filename().string().find("recorder") == std::string::npos);
}

TEST_CASE("without a directory a client's request is not supported") {
  const TempDir dir;
  RunningDaemon d(config_in(dir));
  FrameClient client = d.client();
  REQUIRE(client.peer().send(request(control::TakeSnapshot{})));
  const std::string f = client.control(static_cast<std::uint32_t>(control::Service::snapshot));
  REQUIRE(f.size() == 27);
  CHECK(f[26] == 1);
}

TEST_CASE("the interval makes files of every recorder, again and again") {
  const TempDir dir;
  auto config = with_snapshots(dir);
  config.snapshot_interval = std::chrono::seconds(1);
  RunningDaemon d(config);
  const Peer app = recorded_app(d, three_messages());

  CHECK(eventually([&] { return files(dir) >= 2; }));
}

TEST_CASE("messages go on to clients while snapshots are written") {
  const TempDir dir;
  RunningDaemon d(with_snapshots(dir));
  RecorderFile large(4, 2, 8 << 20);
  std::string frames;
  for (std::uint32_t i = 0; i < 30'000; ++i) frames += frame(i, 200);
  for (std::uint32_t r = 0; r < 4; ++r) large.segment(r, 0, 1, frames);
  Peer app = recorded_app(d, large);
  FrameClient client = d.client();
  REQUIRE(d.clients(1));
  std::string requests;
  for (std::uint32_t i = 0; i < 8; ++i) requests += encoded(local::SnapshotRequest{i, "load"});
  REQUIRE(app.send(requests));
  std::thread sender([&] { flood(app, 200'000); });

  CHECK(out_of_order(client, 200'000) == 0);
  sender.join();
  CHECK(eventually([&] { return d.status()["snapshots"]["taken"] == 8; }));
  CHECK(d.status()["clients"][0]["dropped"]["messages"] == 0);
  CHECK(files(dir) == 8);
}
