#include "snapshot/snapshot_file.hpp"

#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>

#include <cerrno>
#include <fstream>

#include "dlt-daemon/support/stored.hpp"
#include "dlt/proto/message.hpp"
#include "dlt/proto/text.hpp"
#include "paths.hpp"
#include "support/recorder_file.hpp"

#include <unistd.h>

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

namespace {

using Status = SnapshotResult::Status;

std::shared_ptr<const SharedMemory> memory_of(const RecorderFile& file) {
  auto memory = SharedMemory::check(Fd(file.descriptor()),
                                    proto::local::Recorder{proto::recorder::version, file.segment_size(), file.size()});
  REQUIRE(memory);
  return std::make_shared<const SharedMemory>(*std::move(memory));
}

SnapshotJob job_of(const RecorderFile& file, std::string reason = "why") {
  return {
      {memory_of(file), "APP1", "prog", 4711, 1000, 1'764'193'400'000'000}, std::move(reason), 1'764'193'445'012'345};
}

RecorderFile some_messages(std::uint32_t count = 5) {
  RecorderFile file(2, 2, 1 << 20);
  std::string frames;
  for (std::uint32_t i = 0; i < count; ++i) frames += frame(i, 200);
  file.segment(0, 0, 1, frames);
  return file;
}

SnapshotFiles::Options in(const TempDir& dir) {
  spdlog::set_level(spdlog::level::off);
  SnapshotFiles::Options o;
  o.directory = dir / "s";
  o.place = {"ECU1", "host"};
  return o;
}

// The numbers behind the first message.
Numbers kept(const TempDir& dir) {
  Numbers all;
  for (const auto& [name, bytes] : files_in(dir / "s")) {
    const auto numbers = stored_numbers(unpack(bytes));
    all.insert(all.end(), numbers.begin() + 1, numbers.end());
  }
  return all;
}

// The n-th call fails with this reason.
int calls_left = 0;
int reason_of_failure = 0;
bool fails() {
  if (--calls_left != 0) return false;
  errno = reason_of_failure;
  return true;
}

FileCalls failing_calls() {
  return {[](int directory, const char* name) { return fails() ? -1 : create_beneath(directory, name, 0640); },
          [](int fd, const void* bytes, std::size_t size, off_t at) {
            return fails() ? ssize_t{-1} : ::pwrite(fd, bytes, size, at);
          },
          ::ftruncate, [](int fd) { return fails() ? -1 : ::fdatasync(fd); },
          [](int directory, const char* name) { return ::unlinkat(directory, name, 0); }};
}

}  // namespace

TEST_CASE("a snapshot says what it is in its first message, then has every message of the recorder") {
  const TempDir dir;
  SnapshotFiles files(in(dir));

  const auto result = files.write(job_of(some_messages(), "signal 11: \"x\""));

  REQUIRE(result.status == Status::written);
  CHECK(result.text == dir / "s/ECU1-APP1-4711-20251126T214405.012345Z-signal-11-x.dlt.zst");
  CHECK(result.bytes == std::filesystem::file_size(result.text));
  CHECK(kept(dir) == up_to(5));
  const std::string plain = unpack(read_file(result.text));
  const auto note = proto::MessageView::parse(proto::as_bytes(plain).subspan(proto::storage_header_size));
  REQUIRE(note);
  std::string text;
  proto::append_payload(text, *note);
  CHECK_THAT(text,
             Catch::StartsWith("snapshot reason= signal 11: \"x\" application= APP1 program= prog ecu= ECU1 host= "
                               "host pid= 4711 uid= 1000 started= 20251126T214320.000000Z asked= "
                               "20251126T214405.012345Z taken= "));
  CHECK_THAT(text, Catch::Contains(" messages= 5 missed= 0 overwritten_segments= 0 broken_segments= 0"));
}

TEST_CASE("a large recorder becomes independent pieces, each of whole messages") {
  const TempDir dir;
  SnapshotFiles files(in(dir));

  const auto result = files.write(job_of(some_messages(4000)));

  REQUIRE(result.status == Status::written);
  const std::string packed = read_file(result.text);
  std::size_t pieces = 0;
  for (std::size_t at = 0; at < packed.size(); at += frame_size(packed, at)) {
    REQUIRE(frame_size(packed, at) != 0);
    CHECK_FALSE(stored_numbers(unpack(packed.substr(at, frame_size(packed, at)))).empty());
    ++pieces;
  }
  CHECK(pieces > 3);
  CHECK(kept(dir) == up_to(4000));
}

TEST_CASE("names that are taken are not taken again, and nothing of others is touched") {
  const TempDir dir;
  SnapshotFiles files(in(dir));
  const auto first = files.write(job_of(some_messages(1)));
  const auto second = files.write(job_of(some_messages(2)));
  const auto third = files.write(job_of(some_messages(3)));

  CHECK(second.text.ends_with("-why-2.dlt.zst"));
  CHECK(third.text.ends_with("-why-3.dlt.zst"));
  CHECK(files_in(dir / "s").size() == 3);
  CHECK(stored_numbers(unpack(read_file(first.text))).size() == 2);
}

TEST_CASE("each call fails once, for each reason: the result tells it and no half file is left") {
  const int reason = GENERATE(ENOSPC, EIO, EDQUOT, EACCES);
  bool failed = true;
  int n = 1;
  for (; failed; ++n) {
    const TempDir dir;
    auto options = in(dir);
    options.calls = failing_calls();
    SnapshotFiles files(options);
    calls_left = n;
    reason_of_failure = reason;
    const auto result = files.write(job_of(some_messages(2000)));
    failed = result.status != Status::written;
    CAPTURE(n, result.text);
    if (!failed) break;
    CHECK(result.status == Status::failed);
    CHECK_THAT(result.text, Catch::Contains(std::generic_category().message(reason)));
    const auto left = files_in(dir / "s");
    const bool named = result.text.find("power cut") != std::string::npos;  // the directory's own
    CHECK(left.size() == (named ? 1U : 0U));
  }
  CHECK(n > 4);
}

TEST_CASE("the oldest go beyond the limits, by the time in their names; what is no snapshot stays") {
  const TempDir dir;
  auto options = in(dir);
  options.keep = {1 << 30, 2};
  SnapshotFiles files(options);
  std::filesystem::create_directory(dir / "s");
  std::ofstream(dir / "s/other.dlt.zst") << "not ours";
  for (int i = 0; i < 4; ++i) {
    auto job = job_of(some_messages(1), "n" + std::to_string(i));
    job.of.pid = 9 - i;
    job.asked_us += i;
    REQUIRE(files.write(job).status == Status::written);
  }

  std::string names;
  for (const auto& [name, bytes] : files_in(dir / "s")) names += name + " ";
  CHECK(names.find("n2.") != std::string::npos);
  CHECK(names.find("n3.") != std::string::npos);
  CHECK(names.find("other") != std::string::npos);
  CHECK(files_in(dir / "s").size() == 3);
}

TEST_CASE("a directory that cannot be, and memory that makes no sense, are named") {
  const TempDir dir;
  auto options = in(dir);
  std::ofstream(dir / "s") << "a file";
  CHECK_THAT(SnapshotFiles(options).write(job_of(some_messages())).text, Catch::Contains("is not a directory"));
  std::filesystem::remove(dir / "s");
  RecorderFile bad = some_messages();
  bad.put32(20, 1000);
  const auto result = SnapshotFiles(options).write(job_of(bad));
  CHECK(result.status == Status::failed);
  CHECK(result.text == "the recorder of APP1 makes no sense");
  CHECK(files_in(dir / "s").empty());
}

TEST_CASE("what a killed daemon left half done is removed, and nothing else") {
  const TempDir dir;
  REQUIRE(SnapshotFiles(in(dir)).write(job_of(some_messages())).status == Status::written);
  std::ofstream(dir / "s/.snapshot-1-1") << "half";

  REQUIRE(SnapshotFiles(in(dir)).write(job_of(some_messages(0))).status == Status::written);

  CHECK(files_in(dir / "s").size() == 2);
  CHECK(kept(dir) == up_to(5));
}
