#include "harness/stream_reader.hpp"

#include <catch2/catch.hpp>

using namespace dlt;
using namespace dlt::bench;

namespace {

const Texts& texts() {
  static const Texts t = Texts::fixed(12);
  return t;
}

std::vector<std::byte> stream_of(AppId run, std::uint64_t first, std::uint64_t count, bool stored = false) {
  std::vector<std::byte> stream;
  for (std::uint64_t s = first; s < first + count; ++s) {
    if (stored) {
      std::array<std::byte, 16> header{};
      proto::ByteWriter out(header);
      proto::StorageHeader{1, 2, "ECU1"}.encode(out);
      stream.insert(stream.end(), header.begin(), header.end());
    }
    const auto frame = make_standard(run, 0, s, 0, texts().of(s));
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  return stream;
}

}  // namespace

TEST_CASE("a standard message has 69 bytes and reads back as it was made") {
  const auto frame = make_standard("B001", 3, 77, 1234.0, texts().of(77));
  const auto message = read_standard(frame);

  REQUIRE(frame.size() == 69);
  REQUIRE(message.has_value());
  CHECK(message->producer == 3);
  CHECK(message->sequence == 77);
  CHECK(message->sent_ns == 1234.0);
  CHECK(message->text == texts().of(77));
}

TEST_CASE("a stream gives the same books however it is cut") {
  const bool stored = GENERATE(false, true);
  const auto stream = stream_of("B001", 0, 40, stored);

  for (std::size_t cut = 1; cut <= stream.size(); ++cut) {
    Ledger ledger(1, texts());
    StreamReader reader(stored ? StreamReader::Kind::stored : StreamReader::Kind::live, "B001", ledger);
    for (std::size_t at = 0; at < stream.size(); at += cut)
      reader.feed(proto::Bytes(stream).subspan(at, std::min(cut, stream.size() - at)), 0);
    reader.finish();
    REQUIRE(ledger.delivered() == 40);
    REQUIRE(ledger.faults().empty());
  }
}

TEST_CASE("messages of another run are stepped over") {
  Ledger ledger(1, texts());
  StreamReader reader(StreamReader::Kind::live, "B002", ledger);
  reader.feed(stream_of("B001", 0, 5), 0);
  reader.feed(stream_of("B002", 0, 3), 0);

  CHECK(ledger.delivered() == 3);
  CHECK(reader.others() == 5);
  CHECK(ledger.faults().empty());
}

TEST_CASE("rubbish between frames is one corrupt spot, and the walk goes on behind it") {
  auto stream = stream_of("B001", 0, 2);
  stream.insert(stream.end(), 100, std::byte{0xff});
  const auto more = stream_of("B001", 2, 2);
  stream.insert(stream.end(), more.begin(), more.end());
  Ledger ledger(1, texts());
  StreamReader reader(StreamReader::Kind::live, "B001", ledger);

  reader.feed(stream, 0);

  CHECK(ledger.delivered() == 4);
  CHECK(ledger.faults() == std::vector<std::string>{"1 spots in the stream were not DLT frames"});
}

TEST_CASE("a stream that ends inside a frame is a fault") {
  const auto stream = stream_of("B001", 0, 2);
  Ledger ledger(1, texts());
  StreamReader reader(StreamReader::Kind::live, "B001", ledger);

  reader.feed(proto::Bytes(stream).first(stream.size() - 1), 0);
  reader.finish();

  CHECK(ledger.delivered() == 1);
  CHECK(ledger.faults().size() == 1);
}

TEST_CASE("the time between sending and arrival goes into the histogram, unless the message has no stamp") {
  Ledger ledger(1, texts());
  StreamReader reader(StreamReader::Kind::live, "B001", ledger);

  reader.feed(make_standard("B001", 0, 0, 1000.0, texts().of(0)), 1500);
  reader.feed(make_standard("B001", 0, 1, 0.0, texts().of(1)), 1600);

  CHECK(reader.latency_ns().count() == 1);
  CHECK(reader.latency_ns().max() == 500);
}
