#include "dlt/proto/fifo_framer.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

using namespace dlt;
using namespace dlt::proto;
using local::FifoFramer;

namespace {

std::string frame(const std::string& payload) {
  std::vector<std::byte> buffer(64);
  ByteWriter out(buffer);
  StandardHeader standard;
  standard.length = static_cast<std::uint16_t>(headers_size(htyp::log) + payload.size());
  standard.ecu = "ECU1";
  standard.encode(out);
  ExtendedHeader{0x41, 1, "APP1", "CTX1"}.encode(out);
  return std::string(as_text(out.written())) + payload;
}

std::string encoded(const local::Message& m) {
  std::vector<std::byte> buffer(70'000);
  ByteWriter out(buffer);
  local::encode(out, m);
  return std::string(as_text(out.written()));
}

std::string log(const std::string& payload) { return encoded(local::Log{as_bytes(frame(payload))}); }
std::string log(char tag, std::size_t size) { return log(std::string(size, tag)); }

struct Seen {
  std::vector<std::string> frames;
  std::vector<std::size_t> kinds;  // variant index of each other message
  std::size_t garbage_bytes = 0;
  std::size_t bytes = 0;

  void frame(Bytes f, std::size_t headers) {
    if (headers != 26) ++wrong_headers;
    frames.emplace_back(as_text(f));
    bytes += f.size() + local::header_size;
  }
  void message(Bytes whole, const local::Message& m) {
    kinds.push_back(m.index());
    bytes += whole.size();
  }
  void garbage(std::size_t n) { garbage_bytes += n; }

  std::size_t wrong_headers = 0;
};

// One read each; the FIFO is empty behind those that `drained` says so of, which is all of them unless told otherwise.
struct Reader {
  Seen seen;
  FifoFramer framer;
  std::string have;

  void read(const std::string& bytes, bool drained = true) {
    have += bytes;
    have.erase(0, framer.consume(as_bytes(have), drained, seen));
  }
};

Seen feed(const std::vector<std::string>& reads) {
  Reader reader;
  for (const auto& bytes : reads) reader.read(bytes);
  return reader.seen;
}

// What applications of the incumbent say, one of each kind.
std::vector<std::string> one_of_each() {
  return {encoded(local::RegisterApplication{"APP1", 7, "it"}),
          encoded(local::RegisterContext{"APP1", "CTX1", 0, -2, -1, 7, "a context"}),
          log('a', 40),
          encoded(local::Overflow{3, "APP1"}),
          encoded(local::ApplicationLimits{"APP1", 4, 0}),
          encoded(local::LogMode{3}),
          encoded(local::Marker{}),
          encoded(local::UnregisterContext{"APP1", "CTX1", 7}),
          encoded(local::UnregisterApplication{"APP1", 7})};
}

// Do the first few of these end where a message that lacks so many bytes would have? The kernel tears nothing that
// short, so it is taken as it seems; see torn_by_the_kernel for what it does tear.
bool fills(std::size_t missing, const std::vector<std::string>& neighbours) {
  std::size_t n = 0;
  for (const auto& one : neighbours)
    if ((n += one.size()) == missing) return true;
  return false;
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const auto& one : all) text += one;
  return text;
}

}  // namespace

TEST_CASE("every kind of message that an application sends is taken, wherever the reads split them") {
  const std::string all = joined(one_of_each());
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    Reader reader;
    reader.read(all.substr(0, cut), false);
    reader.read(all.substr(cut));

    CHECK(reader.seen.frames.size() == 1);
    CHECK(reader.seen.kinds.size() == 8);
    CHECK(reader.seen.garbage_bytes == 0);
    CHECK(reader.have.empty());
  }
}

TEST_CASE("a writer that writes byte by byte is understood") {
  Reader reader;
  for (const char c : joined(one_of_each())) reader.read(std::string(1, c));

  CHECK(reader.seen.frames.size() == 1);
  CHECK(reader.seen.kinds.size() == 8);
  CHECK(reader.seen.garbage_bytes == 0);
}

TEST_CASE("a marker may have a byte of body or none") {
  const Seen seen = feed({encoded(local::Marker{}) + log('a', 1) + encoded(local::Marker{}) + std::string(1, '\0') +
                          log('b', 1) + encoded(local::Marker{})});

  CHECK(seen.frames.size() == 2);
  CHECK(seen.kinds.size() == 3);
  CHECK(seen.garbage_bytes == 0);
}

TEST_CASE("what is not said by applications of the incumbent has no effect") {
  const std::string ours = encoded(local::Hello{}) + encoded(local::Bye{}) + encoded(local::Ack{1}) +
                           encoded(local::Loss{"APP1", {}}) + encoded(local::LogState{1}) +
                           encoded(local::Memfd{1, 65536, 1 << 20}) + encoded(local::Batch{30, 0, 0, 0});

  const Seen seen = feed({ours + log('a', 1)});

  CHECK(seen.frames.size() == 1);
  CHECK(seen.kinds.empty());
  CHECK(seen.garbage_bytes == ours.size());
}

TEST_CASE("a message torn at any length costs its neighbours nothing") {
  const std::vector<std::string> neighbours{log('b', 33), encoded(local::Overflow{3, "APP1"}), log('c', 500),
                                            log('d', 7)};
  std::vector<std::string> torn = one_of_each();
  torn.push_back(log('x', 1000));
  for (const std::string& whole : torn)
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      if (whole.substr(0, cut) == encoded(local::Marker{}) || fills(whole.size() - cut, neighbours)) continue;
      INFO("a message of " << whole.size() << " bytes cut at " << cut);
      const Seen seen = feed({log('a', 5) + whole.substr(0, cut) + joined(neighbours)});

      CHECK(seen.frames == feed({log('a', 5) + joined(neighbours)}).frames);
      CHECK(seen.kinds.size() == 1);
      CHECK(seen.garbage_bytes == cut);
    }
}

TEST_CASE("a message torn where the FIFO was full costs its neighbours nothing, at any length") {
  const std::string whole = log('x', 6000);
  const std::string neighbours = log('b', 33) + log('c', 500);
  const Seen clean = feed({neighbours});
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    const Seen seen = feed({whole.substr(0, cut), neighbours});

    REQUIRE(seen.frames == clean.frames);
    REQUIRE(seen.garbage_bytes == cut);
  }
}

TEST_CASE("neighbours are not held back by a torn message that claims more than has come") {
  const std::string whole = log('x', 60'000);
  const std::string neighbours = log('b', 33) + log('c', 500);
  for (std::size_t cut = 1; cut < 9000; cut += 7) {
    const Seen seen = feed({whole.substr(0, cut) + neighbours});

    REQUIRE(seen.frames.size() == 2);
    REQUIRE(seen.garbage_bytes == cut);
  }
}

TEST_CASE("a torn message whose neighbours end exactly where it would have is torn where the kernel tears") {
  const std::string whole = log('x', 3 * 4096 + 300 - 34);  // begins with 300 bytes, if they find room
  for (const std::size_t cut : {300U, 300U + 4096U, 4096U, 2U * 4096U}) {
    const std::size_t missing = whole.size() - cut;
    std::string neighbours;
    while (neighbours.size() + 200 < missing) neighbours += log('b', 30);
    neighbours += log('c', missing - neighbours.size() - 34);
    REQUIRE(neighbours.size() == missing);
    const Seen clean = feed({neighbours});

    const Seen seen = feed({whole.substr(0, cut) + neighbours + log('d', 5)});

    CHECK(seen.frames.size() == clean.frames.size() + 1);
    CHECK(seen.garbage_bytes == cut);
  }
}

TEST_CASE("two torn messages one behind the other cost only themselves") {
  const std::string big = log('x', 5000);
  const std::string small = log('y', 100);
  for (std::size_t cut = 1; cut < small.size(); ++cut) {
    if (fills(small.size() - cut, {log('b', 33), log('c', 34)})) continue;
    const Seen seen = feed({big.substr(0, 4096) + small.substr(0, cut) + log('b', 33) + log('c', 34)});

    REQUIRE(seen.frames.size() == 2);
    REQUIRE(seen.garbage_bytes == 4096 + cut);
  }
}

TEST_CASE("many torn messages with whole ones between them cost only themselves, however they are read") {
  std::string stream;
  std::size_t torn = 0;
  std::size_t whole = 0;
  for (std::size_t i = 0; i < 200; ++i, ++whole) {
    const std::string half = log('x', 6000).substr(0, 1 + 29 * i);
    torn += half.size();
    stream += half + log('a', i % 50);
  }
  stream += log('b', 1) + log('c', 1);
  for (const std::size_t read : {std::size_t{1000}, std::size_t{4096}, std::size_t{65536}, stream.size()}) {
    Reader reader;
    for (std::size_t at = 0; at < stream.size(); at += read)
      reader.read(stream.substr(at, read), at + read >= stream.size());

    CHECK(reader.seen.frames.size() == whole + 2);
    CHECK(reader.seen.garbage_bytes == torn);
  }
}

TEST_CASE("a payload that holds messages is not torn, whatever stands behind it") {
  const std::string inner = joined(one_of_each());
  const std::vector<std::string> payloads{"DUH\x01",
                                          "xDUH\x01y",
                                          inner,
                                          "x" + inner,
                                          inner + "x",
                                          inner + "DUH\x01",
                                          inner + inner.substr(0, 20),
                                          std::string(1, '\0') + "DU",
                                          "DUHDUHDUH\x01",
                                          inner + inner + inner + inner + inner};
  for (const std::string& payload : payloads)
    for (const std::size_t before : {0U, 50U, 4090U, 5000U}) {
      const std::string whole = log(std::string(before, 'p') + payload);
      for (const std::string& behind : {std::string(), log('b', 3), encoded(local::Marker{})}) {
        const Seen seen = feed({whole + behind});

        REQUIRE(seen.frames.front().size() == whole.size() - 8);
        REQUIRE(seen.garbage_bytes == 0);
      }
    }
}

TEST_CASE("a payload that holds messages is not torn by a read that ends inside it") {
  const std::string whole = log(std::string(4100, 'p') + joined(one_of_each()) + "end");
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    Reader reader;
    reader.read(whole.substr(0, cut), false);
    reader.read(whole.substr(cut));

    REQUIRE(reader.seen.frames.size() == 1);
    REQUIRE(reader.seen.garbage_bytes == 0);
  }
}

TEST_CASE("rubbish behind a message costs no message") {
  for (const std::string rubbish : {"GET / HTTP/1.1\r\n", "x", "D", "DU", "DUHx", "DUH\x02xxxx"}) {
    const Seen seen = feed({log('a', 10) + rubbish + log('b', 20) + rubbish + rubbish, log('c', 30)});

    CHECK(seen.frames.size() == 3);
    CHECK(seen.garbage_bytes == 3 * rubbish.size());
  }
}

TEST_CASE("rubbish and torn messages in any mixture cost no whole message that stands behind another whole one") {
  std::mt19937 random(4711);
  for (int round = 0; round < 300; ++round) {
    Reader reader;
    std::size_t sent = 0;
    std::size_t bytes = 0;
    for (int i = 0; i < 40; ++i) {
      std::string read;
      if (random() % 3 == 0) {
        const std::string whole = log('x', 4096 + random() % 20'000);
        read += whole.substr(0, 1 + random() % (whole.size() - 1));  // torn by a full FIFO: nothing behind it
      } else {
        for (auto n = 1 + random() % 5; n != 0; --n, ++sent) read += log('a', random() % 300);
      }
      bytes += read.size();
      reader.read(read);
    }
    reader.read(log('z', 1));

    REQUIRE(reader.seen.frames.size() == sent + 1);
    REQUIRE(reader.seen.bytes + reader.seen.garbage_bytes == bytes + log('z', 1).size());
  }
}

TEST_CASE("what is carried over never exceeds its limit, and all bytes are accounted for") {
  std::mt19937 random(12345);
  Reader reader;
  std::size_t bytes = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string piece(random() % 2048, '\0');
    for (auto& c : piece) c = static_cast<char>(random());
    if (round % 3 == 0) piece += joined(one_of_each());
    if (round % 7 == 0) piece += std::string("DUH\x01\x01\0\0\0\x3d\0\xff\xff", 12);
    if (round % 11 == 0) piece += joined(one_of_each()).substr(0, random() % 100);
    bytes += piece.size();
    reader.read(piece, round % 2 == 0);
    REQUIRE(reader.have.size() <= FifoFramer::max_carry);
    REQUIRE(reader.seen.bytes + reader.seen.garbage_bytes + reader.have.size() == bytes);
  }
  CHECK(reader.seen.garbage_bytes > 0);
}

TEST_CASE("a megabyte of nothing but beginnings is passed over at once, at any pace") {
  // Each claims 64 KiB; each holds others. A scan from each of them to its end would take hours.
  std::string beginnings;
  while (beginnings.size() < 1 << 20) beginnings += std::string("DUH\x01\x01\0\0\0\x3d\0\xff\xff", 12);
  Reader at_once;
  at_once.read(beginnings);
  at_once.read(log('a', 1));
  CHECK(at_once.seen.frames.back() == frame("a"));

  Reader slowly;
  for (std::size_t at = 0; at < 100'000; at += 10) slowly.read(beginnings.substr(at, 10));
  slowly.read(log('a', 1) + log('b', 1));
  CHECK(slowly.seen.frames.back() == frame("b"));
}
