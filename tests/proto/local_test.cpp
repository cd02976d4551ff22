#include "dlt/proto/local.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "support/golden.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::test::from_hex;
using dlt::test::to_hex;

namespace {

using Buffer = std::vector<std::byte>;

Buffer encoded(const local::Message& message) {
  Buffer bytes(200000);
  ByteWriter out(bytes);
  local::encode(out, message);
  REQUIRE(out.ok());
  bytes.resize(out.size());
  return bytes;
}

Result<local::Message> decoded(Bytes bytes) {
  std::size_t used = 0;
  return local::decode(bytes, used);
}

Buffer entries_of_loss() {
  Buffer bytes(2 * local::Loss::entry_size);
  ByteWriter out(bytes);
  local::Loss::put(out, {1, local::LossCause::overwritten, 77});
  local::Loss::put(out, {2, local::LossCause::timed_out, 0x0102030405060708});
  return bytes;
}

Buffer entries_of_statistics() {
  Buffer bytes(local::Statistics::entry_size);
  ByteWriter out(bytes);
  local::Statistics::put(out, {3, 2, 10, 5, 2, 9, 700, {1, 2, 0, 0, 0, 0, 0}});
  return bytes;
}

// One of each message, with fields that cannot be mistaken for each other.
std::vector<local::Message> one_of_each() {
  static const Buffer frame = from_hex("20 00 00 08 4d 00 00 00");
  static const Buffer data = from_hex("68 65 6c 6c 6f");
  static const Buffer limits = from_hex("43 54 58 42 01 00 00 00 02 00 00 00");
  static const Buffer loss = entries_of_loss();
  static const Buffer statistics = entries_of_statistics();
  return {local::Log{frame},
          local::RegisterApplication{"APPA", 77, "text"},
          local::UnregisterApplication{"APPA", 77},
          local::RegisterContext{"APPA", "CTXB", 3, -2, 1, 77, "text"},
          local::UnregisterContext{"APPA", "CTXB", 77},
          local::LogLevel{5, 1, 3},
          local::Injection{3, 0x1000, data},
          local::Overflow{9, "APPA"},
          local::ApplicationLimits{"APPA", 4, 1},
          local::LogMode{3},
          local::LogState{1},
          local::Marker{},
          local::TraceLoad{limits},
          local::Hello{1, 31, 77, "ECU1", -3600, "name", 1ULL << 60},
          local::Batch{100, 1, 2, 3},
          local::Memfd{1, 65536, 1 << 20},
          local::Loss{"APPA", loss},
          local::Statistics{"APPA", statistics},
          local::SetOverflowMode{1, 2, 100},
          local::Bye{},
          local::Ack{1ULL << 40},
          local::Recorder{1, 32768, 1ULL << 33},
          local::SnapshotRequest{7, "why"},
          local::SnapshotAnswer{7, local::SnapshotAnswer::Status::failed, "no room"}};
}

}  // namespace

TEST_CASE("a log level message has the bytes that the incumbent's daemon sends") {
  // Captured from COVESA dlt-daemon 2.18.8 after a client set the level to debug.
  CHECK(to_hex(encoded(local::LogLevel{5, 1, 0})) == "44 55 48 01 06 00 00 00 05 01 00 00 00 00");
}

TEST_CASE("each local message survives the trip and tells its size") {
  for (const auto& message : one_of_each()) {
    auto bytes = encoded(message);
    INFO(to_hex(bytes));
    const auto size = bytes.size();
    bytes.push_back(std::byte{'D'});  // of the next message

    std::size_t used = 0;
    const auto again = local::decode(bytes, used);

    REQUIRE(again);
    CHECK(used == size);
    CHECK(again->index() == message.index());
    CHECK(to_hex(encoded(*again)) == to_hex(Bytes(bytes).first(size)));
  }
}

TEST_CASE("a local message cut at any length is truncated") {
  for (const auto& message : one_of_each()) {
    const auto bytes = encoded(message);
    INFO(to_hex(bytes));
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      const Buffer cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
      CHECK(decoded(cut).error() == Errc::truncated);
    }
  }
}

TEST_CASE("flipped bits in a local message are decoded or refused, and never read beyond the end") {
  for (const auto& message : one_of_each()) {
    const auto bytes = encoded(message);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      Buffer bad = bytes;
      bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
      std::size_t used = 0;
      const auto again = local::decode(bad, used);
      CHECK((again ? used >= local::header_size && used <= bad.size() : used == 0));
    }
  }
}

TEST_CASE("lengths beyond the limit are refused before their bytes are there") {
  const auto id_and_pid = std::string("41 50 50 41 4d 00 00 00 ");
  CHECK(decoded(from_hex("44 55 48 01 02 00 00 00 " + id_and_pid + "01 00 01 00")).error() == Errc::bad_length);
  CHECK(decoded(from_hex("44 55 48 01 02 00 00 00 " + id_and_pid + "00 00 01 00")).error() == Errc::truncated);
  CHECK(decoded(from_hex("44 55 48 01 07 00 00 00 00 00 00 00 00 10 00 00 ff ff ff ff")).error() == Errc::bad_length);
  CHECK(decoded(from_hex("44 55 48 01 0e 00 00 00 ff ff ff 7f")).error() == Errc::bad_length);
  CHECK(decoded(from_hex("44 55 48 01 03 01 00 00 41 50 50 41 01 01 00 00")).error() == Errc::bad_length);
  CHECK(decoded(from_hex("44 55 48 01 04 01 00 00 41 50 50 41 41 00 00 00")).error() == Errc::bad_length);
  CHECK(decoded(encoded(local::Batch{0, 1, 2, 3})).error() == Errc::bad_length);
  CHECK(decoded(encoded(local::Batch{local::max_batch_size + 1, 1, 2, 3})).error() == Errc::bad_length);
  CHECK(decoded(encoded(local::Batch{local::max_batch_size, 1, 2, 3})));
  CHECK(decoded(from_hex("44 55 48 01 01 00 00 00 20 00 00 03")).error() == Errc::bad_length);
}

TEST_CASE("another magic and unknown types are told apart") {
  CHECK(decoded(from_hex("44 55 48 02 01 00 00 00")).error() == Errc::bad_magic);
  CHECK(decoded(from_hex("44 55 48 01 0a 00 00 00")).error() == Errc::unsupported);
  CHECK(decoded(from_hex("44 55 48 01 0f 00 00 00")).error() == Errc::unsupported);
  CHECK(decoded(from_hex("44 55 48 01 0b 01 00 00")).error() == Errc::unsupported);
  CHECK(decoded(from_hex("44 55 48 01 09 01 00 00 01 00 00 00 00 01 00 00")).error() == Errc::bad_length);
  CHECK(decoded(from_hex("44 55 48 01 0a 01 00 00 01 00 00 00 00 00 00 00 01 10 00 00")).error() == Errc::bad_length);
}

TEST_CASE("a marker takes one byte more unless that byte begins the next message") {
  std::size_t used = 0;
  CHECK(local::decode(from_hex("44 55 48 01 0d 00 00 00"), used));
  CHECK(used == 8);
  CHECK(local::decode(from_hex("44 55 48 01 0d 00 00 00 00 44"), used));
  CHECK(used == 9);
  CHECK(local::decode(from_hex("44 55 48 01 0d 00 00 00 44 55"), used));
  CHECK(used == 8);
}

TEST_CASE("entries of loss, statistics and limits are where they were put") {
  const auto bytes = entries_of_loss();
  const local::Loss loss{"APPA", bytes};
  REQUIRE(loss.count() == 2);
  CHECK(loss.at(0).buffer == 1);
  CHECK(loss.at(0).cause == local::LossCause::overwritten);
  CHECK(loss.at(1).count == 0x0102030405060708);
  CHECK(local::name(loss.at(1).cause) == "timed_out");

  const auto totals = entries_of_statistics();
  const local::Statistics statistics{"APPA", totals};
  REQUIRE(statistics.count() == 1);
  const auto e = statistics.at(0);
  CHECK(e.buffer == 3);
  CHECK(e.accepted == 10);
  CHECK(e.delivered == 5);
  CHECK(e.queued == 2);
  CHECK(e.high_water == 9);
  CHECK(e.bytes == 700);
  CHECK(e.dropped[1] == 2);

  const auto rows = from_hex("43 54 58 42 01 00 00 00 02 00 00 00");
  CHECK(local::TraceLoad{rows}.at(0).context == ContextId("CTXB"));
  CHECK(local::TraceLoad{rows}.at(0).hard == 2);
}

TEST_CASE("a message that does not fit its buffer leaves the writer failed") {
  std::array<std::byte, 10> small{};
  ByteWriter out(small);
  local::encode(out, local::RegisterApplication{"APPA", 77, "text"});
  CHECK_FALSE(out.ok());
}
