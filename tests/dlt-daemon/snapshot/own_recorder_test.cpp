#include "snapshot/own_recorder.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "dlt-daemon/support/wire.hpp"
#include "dlt/proto/recording.hpp"
#include "snapshot/recorder_limits.hpp"
#include "support/temp_dir.hpp"

using namespace dlt;
using namespace dlt::test;
using dlt::daemon::OwnRecorder;
using dlt::daemon::recorder_bytes_least;

namespace {

std::unique_ptr<OwnRecorder> recorder_in(const TempDir& dir, std::int64_t start = 1'000'000,
                                         std::uint64_t bytes = recorder_bytes_least) {
  std::string problem;
  auto recorder = OwnRecorder::open({dir / "app.sock", bytes, 0, start}, problem);
  INFO(problem);
  REQUIRE(recorder);
  return recorder;
}

proto::Recording recording_of(const daemon::Recorded& of) {
  auto recording =
      proto::Recording::read([&](std::uint64_t at, std::span<std::byte> into) { return of.memory->read(at, into); },
                             of.memory->layout().size, 0);
  REQUIRE(recording);
  return *std::move(recording);
}

std::vector<std::uint32_t> numbers_of(const proto::Recording& recording, std::uint32_t buffer) {
  std::vector<std::uint32_t> numbers;
  for (const auto& e : recording.entries())
    if (e.buffer == buffer) numbers.push_back(number_of(recording.frame(e)));
  return numbers;
}

std::vector<std::uint32_t> run_of(std::uint32_t from, std::uint32_t to) {
  std::vector<std::uint32_t> all(to - from);
  std::iota(all.begin(), all.end(), from);
  return all;
}

void record(OwnRecorder& recorder, std::uint32_t from, std::uint32_t to, std::size_t size = 100) {
  std::string frames;
  for (std::uint32_t i = from; i < to; ++i) frames += frame(i, size);
  recorder.record(proto::as_bytes(frames), to - from);
}

std::vector<std::string> names_in(const TempDir& dir) {
  std::vector<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(dir / "")) names.push_back(e.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// As a daemon that was killed leaves it.
void leave_behind(const TempDir& dir, std::int64_t start, std::uint32_t messages) {
  const auto recorder = recorder_in(dir, 1);
  record(*recorder, 0, messages);
  std::filesystem::copy_file(dir / "app.sock.recorder-1", dir / ("app.sock.recorder-" + std::to_string(start)));
}

}  // namespace

TEST_CASE("what was received and what the daemon said are in rings of their own, in order") {
  const TempDir dir;
  const auto recorder = recorder_in(dir);
  record(*recorder, 0, 10);
  recorder->record_line(proto::as_bytes(frame(77)));
  record(*recorder, 10, 11);

  const auto recording = recording_of(recorder->recorded());
  CHECK(numbers_of(recording, 0) == run_of(0, 11));
  CHECK(numbers_of(recording, 1) == std::vector<std::uint32_t>{77});
  CHECK(recording.header().app == OwnRecorder::app);
  CHECK(recording.header().pid == static_cast<std::uint32_t>(::getpid()));
}

TEST_CASE("the newest stay, as many as were asked for at least, however the frames came together") {
  const std::uint32_t at_once = GENERATE(1U, 7U, 500U, 3000U);
  const TempDir dir;
  const auto recorder = recorder_in(dir);
  const std::uint32_t all = 60'000;  // of 100 bytes: nearly six times what is kept
  for (std::uint32_t i = 0; i < all; i += at_once) record(*recorder, i, i + at_once);
  const std::uint32_t end = (all + at_once - 1) / at_once * at_once;

  const auto kept = numbers_of(recording_of(recorder->recorded()), 0);
  REQUIRE_FALSE(kept.empty());
  CHECK(kept == run_of(kept.front(), end));
  const auto frame_bytes = frame(0, 100).size();
  CHECK(kept.size() * frame_bytes >= recorder_bytes_least - 9 * frame_bytes);
  CHECK(kept.size() * frame_bytes <= recorder_bytes_least * 9 / 8 + 9 * 64);
}

TEST_CASE("the longest frames fit") {
  const TempDir dir;
  const auto recorder = recorder_in(dir);
  const std::size_t longest = proto::max_frame_size - frame(0, 0).size();
  for (std::uint32_t i = 0; i < 100; ++i) record(*recorder, i, i + 1, longest);

  const auto kept = numbers_of(recording_of(recorder->recorded()), 0);
  CHECK(kept.size() >= 8);
  CHECK(kept == run_of(kept.front(), 100));
}

TEST_CASE("who ends in order leaves nothing; who dies leaves its messages to who comes next") {
  const TempDir dir;
  leave_behind(dir, 2'000'000, 25);
  CHECK(names_in(dir) == std::vector<std::string>{"app.sock.recorder-2000000"});

  const auto found = OwnRecorder::left_over(dir / "app.sock");
  REQUIRE(found.size() == 1);
  CHECK(found[0].of.pid == ::getpid());
  CHECK(found[0].of.since_us == 2'000'000);
  CHECK(numbers_of(recording_of(found[0].of), 0) == run_of(0, 25));
  OwnRecorder::remove(found[0].path);
  CHECK(names_in(dir).empty());
}

TEST_CASE("of many deaths in a row the last eight are kept, the oldest first") {
  const TempDir dir;
  for (std::int64_t start = 11; start < 21; ++start) leave_behind(dir, start, 1);

  const auto found = OwnRecorder::left_over(dir / "app.sock");
  REQUIRE(found.size() == OwnRecorder::most_left_over);
  CHECK(found.front().of.since_us == 13);
  CHECK(found.back().of.since_us == 20);
  CHECK(names_in(dir).size() == OwnRecorder::most_left_over);
}

TEST_CASE("files that are no recorder are removed, links are not followed, other names not touched") {
  const TempDir dir;
  std::ofstream(dir / "app.sock.recorder-5") << "rubbish";
  std::ofstream(dir / "app.sock.recorder-x") << "another name";
  std::ofstream(dir / "app.sock.recorder-7x") << "another name";
  std::ofstream(dir / "bapp.sock.recorder-8") << "another name";
  leave_behind(dir, 6, 3);
  std::filesystem::rename(dir / "app.sock.recorder-6", dir / "elsewhere");
  std::filesystem::create_symlink(dir / "elsewhere", dir / "app.sock.recorder-6");
  std::filesystem::copy_file(dir / "elsewhere", dir / "app.sock.recorder-9");
  std::filesystem::create_hard_link(dir / "app.sock.recorder-9", dir / "second name");

  CHECK(OwnRecorder::left_over(dir / "app.sock").empty());
  CHECK(names_in(dir) == std::vector<std::string>{"app.sock.recorder-7x", "app.sock.recorder-x", "bapp.sock.recorder-8",
                                                  "elsewhere", "second name"});
}

TEST_CASE("a file that cannot be made is named") {
  const TempDir dir;
  std::string problem;
  CHECK_FALSE(OwnRecorder::open({dir / "no/app.sock", recorder_bytes_least, 0, 1}, problem));
  CHECK(problem == (dir / "no/app.sock.recorder-1") + ": No such file or directory");
}

TEST_CASE("a daemon's own file is none of a dead one's, however the path of the socket is written") {
  const TempDir dir;
  const std::string socket = (dir / "") + "/app.sock";
  std::string problem;
  const auto recorder = OwnRecorder::open({socket, recorder_bytes_least, 0, 5}, problem);
  REQUIRE(recorder);
  leave_behind(dir, 2, 1);

  const auto found = OwnRecorder::left_over(socket, recorder->file());
  REQUIRE(found.size() == 1);
  CHECK(found[0].of.since_us == 2);
}
