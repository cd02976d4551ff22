#include "storage/recovery.hpp"

#include <zstd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "dlt-daemon/support/spans.hpp"
#include "dlt-daemon/support/stored.hpp"
#include "storage/compressor.hpp"
#include "storage/segment.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;

namespace {

// A stored file, and where each of its pieces (a record, or a zstd frame of several records) begins.
struct Stored {
  bool compressed = false;
  std::string bytes;
  std::vector<std::size_t> begins;
  std::uint32_t records_each = 1;

  // The pieces that lie whole in front of `at`.
  [[nodiscard]] std::size_t whole_before(std::size_t at) const {
    std::size_t n = 0;
    while (n < begins.size() && (n + 1 < begins.size() ? begins[n + 1] : bytes.size()) <= at) ++n;
    return n;
  }
};

Stored stored(bool compressed, std::size_t pieces) {
  Pool pool;
  Compressor compressor;
  Stored out{compressed, {}, {}, compressed ? 4U : 1U};
  for (std::uint32_t i = 0; i < pieces; ++i) {
    Segment segment("ECU1");
    FrameSpan span = numbered(pool, i * out.records_each, out.records_each, i % 3 * 20);
    segment.take(span);
    out.begins.push_back(out.bytes.size());
    out.bytes += proto::as_text(compressed ? *compressor.compress(segment.bytes()) : segment.bytes());
  }
  return out;
}

struct Recovered {
  Numbers numbers;
  std::uint64_t skipped = 0;
};

Recovered recover(bool compressed, const std::string& bytes, std::size_t piece = std::string::npos) {
  Recovered out;
  Recovery recovery(compressed, [&](proto::Bytes record) {
    out.numbers.push_back(number_of(record.subspan(proto::storage_header_size)));
  });
  for (std::size_t at = 0; at < bytes.size(); at += std::min(piece, bytes.size() - at))
    recovery.feed(proto::as_bytes(bytes).subspan(at, std::min(piece, bytes.size() - at)));
  recovery.end();
  out.skipped = recovery.skipped_bytes();
  return out;
}

}  // namespace

TEST_CASE("an undamaged file comes out whole, read in whatever pieces") {
  for (const bool compressed : {false, true}) {
    const Stored file = stored(compressed, 3000);
    const auto expected = up_to(3000 * file.records_each);
    for (const std::size_t piece : {std::string::npos, std::size_t{1000}, std::size_t{64 * 1024 + 1}}) {
      const auto got = recover(compressed, file.bytes, piece);
      CHECK((got.numbers == expected));
      CHECK(got.skipped == 0);
    }
  }
}

TEST_CASE("a file cut at any byte gives every record that is whole before the cut") {
  for (const bool compressed : {false, true}) {
    const Stored file = stored(compressed, 12);
    for (std::size_t cut = 0; cut < file.bytes.size(); ++cut) {
      const std::size_t whole = file.whole_before(cut);
      const auto got = recover(compressed, file.bytes.substr(0, cut));
      INFO((compressed ? "zst" : "plain") << ", cut at " << cut);
      REQUIRE((got.numbers == up_to(static_cast<std::uint32_t>(whole * file.records_each))));
      REQUIRE(got.skipped == cut - file.begins[whole]);
    }
  }
}

TEST_CASE("a byte that changed costs the piece that it is in and no other") {
  for (const bool compressed : {false, true}) {
    const Stored file = stored(compressed, 12);
    for (std::size_t at = 0; at < file.bytes.size(); ++at)
      for (const int flip : {0x01, 0x10, 0x80, 0xff}) {
        std::string damaged = file.bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        const std::size_t hit = file.whole_before(at);
        const auto got = recover(compressed, damaged);
        const std::set<std::uint32_t> numbers(got.numbers.begin(), got.numbers.end());
        INFO((compressed ? "zst" : "plain") << ", byte " << at << " ^ " << flip);
        for (std::uint32_t n = 0; n < file.begins.size() * file.records_each; ++n)
          if (n / file.records_each != hit) REQUIRE(numbers.count(n) == 1);
        // The damaged piece: all or nothing of it if there is a checksum, at most one record in its place if there is
        // none.
        const auto all = file.begins.size() * file.records_each;
        REQUIRE((got.numbers.size() == all || got.numbers.size() == all - file.records_each));
      }
  }
}

TEST_CASE("a hole of rubbish in the middle of a file costs what it covers") {
  std::mt19937 random(Catch::rngSeed());
  for (const bool compressed : {false, true}) {
    const Stored file = stored(compressed, 2000);
    for (int round = 0; round < 20; ++round) {
      std::string damaged = file.bytes;
      const std::size_t from = random() % damaged.size();
      const std::size_t to = std::min(damaged.size(), from + random() % 5000);
      for (std::size_t i = from; i < to; ++i) damaged[i] = static_cast<char>(random());
      const auto got = recover(compressed, damaged, 8192);
      const std::set<std::uint32_t> numbers(got.numbers.begin(), got.numbers.end());
      INFO((compressed ? "zst" : "plain")
           << ", rubbish from " << from << " to " << to << ", seed " << Catch::rngSeed());
      const auto first = file.whole_before(from) * file.records_each;
      const auto after = (file.whole_before(to) + 1) * file.records_each;
      std::size_t missing = 0;
      for (std::uint32_t n = 0; n < 2000 * file.records_each; ++n)
        if ((n < first || n >= after) && numbers.count(n) == 0) ++missing;
      REQUIRE(missing == 0);
    }
  }
}

TEST_CASE("a large zstd frame of somebody else comes out as it unpacks, and so does what is around it") {
  const Stored ours = stored(true, 50);
  const Stored plain = stored(false, 60'000);  // 4 MB
  std::string large(ZSTD_compressBound(plain.bytes.size()), '\0');
  for (const int level : {1, 19}) {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    large.resize(ZSTD_compressBound(plain.bytes.size()));
    large.resize(ZSTD_compress2(context, large.data(), large.size(), plain.bytes.data(), plain.bytes.size()));
    ZSTD_freeCCtx(context);
    INFO("level " << level << ", " << large.size() << " bytes");
    Numbers expected = up_to(200);
    for (const auto n : up_to(60'000)) expected.push_back(n);
    for (const auto n : up_to(200)) expected.push_back(n);
    for (const std::size_t piece : {std::string::npos, std::size_t{10'000}}) {
      const auto got = recover(true, ours.bytes + large + ours.bytes, piece);
      CHECK((got.numbers == expected));
      CHECK(got.skipped == 0);
    }

    const auto torn = recover(true, large.substr(0, large.size() / 2));
    CHECK(torn.numbers.size() > 10'000);
    CHECK((torn.numbers == up_to(static_cast<std::uint32_t>(torn.numbers.size()))));
    CHECK(torn.skipped > 0);

    std::string damaged = large;
    for (std::size_t i = large.size() / 2; i < large.size() / 2 + 100; ++i) damaged[i] = static_cast<char>(~damaged[i]);
    const auto got = recover(true, damaged + ours.bytes);
    REQUIRE(got.numbers.size() > 10'200);
    CHECK((Numbers(got.numbers.begin(), got.numbers.begin() + 10'000) == up_to(10'000)));
    CHECK((Numbers(got.numbers.end() - 200, got.numbers.end()) == up_to(200)));
    CHECK(got.skipped > 0);
  }
}

TEST_CASE("a zstd frame that claims gigabytes is skipped without being believed") {
  const Stored file = stored(true, 2);
  // A frame header with an 8-byte content size of 2^40 and a raw block, then our frames.
  std::string bomb("\x28\xb5\x2f\xfd\xe0\x00\x00\x00\x00\x00\x01\x00\x00\x09\x00\x00z", 17);
  const auto got = recover(true, bomb + file.bytes);
  CHECK((got.numbers == up_to(8)));
  CHECK(got.skipped == bomb.size());
}
