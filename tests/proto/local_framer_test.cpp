#include "dlt/proto/local_framer.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace dlt;
using namespace dlt::proto;
using local::LocalFramer;

namespace {

std::string frame(char tag, std::size_t payload) {
  std::vector<std::byte> buffer(64);
  ByteWriter out(buffer);
  StandardHeader standard;
  standard.length = static_cast<std::uint16_t>(headers_size(htyp::log) + payload);
  standard.ecu = "ECU1";
  standard.encode(out);
  ExtendedHeader{0x41, 1, "APP1", "CTX1"}.encode(out);
  return std::string(as_text(out.written())) + std::string(payload, tag);
}

std::string encoded(const local::Message& m) {
  std::vector<std::byte> buffer(4096);
  ByteWriter out(buffer);
  local::encode(out, m);
  return std::string(as_text(out.written()));
}

std::string log(const std::string& f) { return encoded(local::Log{as_bytes(f)}); }
std::string batch(const std::string& frames) {
  return encoded(local::Batch{static_cast<std::uint32_t>(frames.size()), 1, 2, 3}) + frames;
}

struct Seen {
  std::vector<std::string> frames;
  std::vector<std::size_t> kinds;  // variant index of each other message
  std::size_t garbage_bytes = 0;

  void frame(Bytes f, std::size_t headers) {
    CHECK(headers == 26);
    frames.emplace_back(as_text(f));
  }
  void message(const local::Message& m) { kinds.push_back(m.index()); }
  void garbage(std::size_t n) { garbage_bytes += n; }
};

// Shows the pieces as a connection would: the rest of the last call in front of the new bytes.
Seen feed(const std::vector<std::string>& pieces, std::string* left = nullptr) {
  Seen seen;
  LocalFramer framer;
  std::string have;
  for (const auto& piece : pieces) {
    have += piece;
    have.erase(0, framer.consume(as_bytes(have), seen));
  }
  if (left != nullptr) *left = have;
  return seen;
}

const std::string three =
    log(frame('a', 40)) + encoded(local::RegisterApplication{"APP1", 7, "it"}) + batch(frame('b', 1) + frame('c', 30));

}  // namespace

TEST_CASE("a stream is cut the same way wherever the reads split it") {
  const Seen whole = feed({three});
  REQUIRE(whole.frames.size() == 3);
  REQUIRE(whole.kinds.size() == 2);

  for (std::size_t cut = 0; cut <= three.size(); ++cut) {
    const Seen seen = feed({three.substr(0, cut), three.substr(cut)});

    CHECK(seen.frames == whole.frames);
    CHECK(seen.kinds == whole.kinds);
    CHECK(seen.garbage_bytes == 0);
  }
}

TEST_CASE("a stream that comes byte by byte is cut the same way") {
  std::vector<std::string> bytes;
  for (const char c : three) bytes.emplace_back(1, c);

  const Seen seen = feed(bytes);

  CHECK(seen.frames == feed({three}).frames);
  CHECK(seen.garbage_bytes == 0);
}

TEST_CASE("rubbish between messages is skipped and counted") {
  const std::string rubbish = "GET / HTTP/1.1\r\nDUHDU DUH\x02";

  const Seen seen = feed({rubbish + three + rubbish + three});

  CHECK(seen.frames.size() == 6);
  CHECK(seen.garbage_bytes == 2 * rubbish.size());
}

TEST_CASE("rubbish is counted exactly at every split") {
  const std::string stream = "xDUHyDU" + log(frame('a', 3)) + "D" + log(frame('b', 3));

  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    const Seen seen = feed({stream.substr(0, cut), stream.substr(cut)});

    CHECK(seen.frames.size() == 2);
    CHECK(seen.garbage_bytes == 8);
  }
}

TEST_CASE("an unknown type loses its header and nothing behind it") {
  const std::string unknown("DUH\x01\xff\0\0\0", 8);

  const Seen seen = feed({unknown + three});

  CHECK(seen.frames.size() == 3);
  CHECK(seen.garbage_bytes == 8);
}

TEST_CASE("a length beyond the limit is refused before its bytes are waited for") {
  std::string oversized = encoded(local::RegisterApplication{"APP1", 7, ""});
  oversized.replace(oversized.size() - 4, 4, "\xff\xff\xff\x7f");

  const Seen seen = feed({oversized + three});

  CHECK(seen.frames.size() == 3);
  CHECK(seen.garbage_bytes == oversized.size());
}

TEST_CASE("a batch with a broken frame loses the rest of that batch and nothing else") {
  std::string broken = frame('x', 5);
  broken[0] = '\x5d';  // a version that does not exist

  const std::string bad = broken + frame('y', 5);
  const Seen seen = feed({batch(frame('a', 5) + bad) + three});

  CHECK(seen.frames.size() == 4);
  CHECK(seen.garbage_bytes == bad.size());
}

TEST_CASE("a frame may not reach over the end of its batch") {
  std::string liar = frame('x', 5);
  liar[2] = '\x7f';
  std::string left;

  const Seen seen = feed({batch(frame('a', 5) + liar) + three}, &left);

  CHECK(seen.frames.size() == 4);
  CHECK(seen.garbage_bytes == liar.size());
  CHECK(left.empty());
}

TEST_CASE("a frame shorter than its headers is rubbish") {
  std::string shrunk = log(frame('x', 0));
  shrunk[8 + 3] = 25;

  const Seen seen = feed({shrunk + three});

  CHECK(seen.frames.size() == 3);
  CHECK(seen.garbage_bytes == shrunk.size());
}

TEST_CASE("what is carried over never exceeds its limit") {
  std::mt19937 random(12345);
  std::string have;
  Seen seen;
  LocalFramer framer;
  for (int round = 0; round < 2000; ++round) {
    std::string piece(random() % 4096, '\0');
    for (auto& c : piece) c = static_cast<char>(random());
    if (round % 3 == 0) piece += three;
    if (round % 7 == 0) piece += std::string("DUH\x01\x01\0\0\0\x3d\0\xff\xff", 12);
    have += piece;
    have.erase(0, framer.consume(as_bytes(have), seen));
    REQUIRE(have.size() <= LocalFramer::max_carry);
  }
  CHECK(seen.garbage_bytes > 0);
}
