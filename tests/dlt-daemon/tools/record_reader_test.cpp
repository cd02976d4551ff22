// Whole and damaged files, packed in each way, through InputFile, the sources and the reader.
#include "tools/record_reader.hpp"

#include <zlib.h>
#include <zstd.h>

#include <catch2/catch.hpp>

#include "dlt-daemon/support/stored.hpp"

using namespace dlt;
using namespace dlt::test;
using namespace dlt::tools;

namespace {

enum class Packing { plain, gz, zst };

std::string records(std::uint32_t first, std::uint32_t count, std::size_t extra = 20) {
  std::string out;
  for (std::uint32_t i = first; i < first + count; ++i)
    out += std::string("DLT\1\0\xf1\x53\x65\x05\0\0\0ECU1", 16) + frame(i, extra);
  return out;
}

std::string zst(const std::string& plain) {
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  out.resize(ZSTD_compress2(context, out.data(), out.size(), plain.data(), plain.size()));
  ZSTD_freeCCtx(context);
  return out;
}

std::string gz(const std::string& plain) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&z, plain.size()) + 32, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string packed(Packing how, const std::string& plain) {
  switch (how) {
    case Packing::plain: return plain;
    case Packing::gz: return gz(plain);
    case Packing::zst: return zst(plain);
  }
  return {};
}

struct Skip {
  std::uint64_t offset, bytes;
};

struct Read {
  Numbers numbers;
  std::vector<Skip> packed;    // offsets in the file
  std::vector<Skip> unpacked;  // in what it unpacks to

  [[nodiscard]] std::uint64_t skipped() const {
    std::uint64_t sum = 0;
    for (const auto& s : packed) sum += s.bytes;
    for (const auto& s : unpacked) sum += s.bytes;
    return sum;
  }
};

const Stop& no_stop() {
  static const Stop stop;
  return stop;
}

Read read(const std::string& bytes, const std::string& name = "file") {
  const TempDir dir;
  write_file(dir / name, bytes);
  Read out;
  auto file = InputFile::open(dir / name, no_stop());
  REQUIRE(file);
  RecordReader reader(make_source(*std::move(file),
                                  [&](auto offset, auto n, auto) {
                                    out.packed.push_back({offset, n});
                                  }),
                      [&](auto offset, auto n, auto) {
                        out.unpacked.push_back({offset, n});
                      });
  while (const auto record = reader.next()) out.numbers.push_back(number_of(record->frame()));
  return out;
}

}  // namespace

TEST_CASE("every message of a whole file is read, however it is packed and whatever it is called") {
  const std::string plain = records(0, 40'000);  // more than the buffers
  for (const auto how : {Packing::plain, Packing::gz, Packing::zst})
    for (const char* name : {"x.dlt", "x.dlt.gz", "x.dlt.zst"}) {
      const Read r = read(packed(how, plain), name);
      CHECK(r.numbers == up_to(40'000));
      CHECK(r.skipped() == 0);
    }
}

TEST_CASE("packed pieces one after the other are read, empty and skippable ones too") {
  const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  CHECK(read(zst(records(0, 5)) + skippable + zst("") + zst(records(5, 5))).numbers == up_to(10));
  CHECK(read(gz(records(0, 5)) + gz(records(5, 5))).numbers == up_to(10));
  const std::string all = records(0, 10);  // a message that two frames share
  CHECK(read(zst(all.substr(0, 100)) + zst(all.substr(100))).numbers == up_to(10));
}

TEST_CASE("an empty file has no message and nothing to skip") {
  for (const char* name : {"x.dlt", "x.dlt.gz", "x.dlt.zst"}) {
    const Read r = read("", name);
    CHECK(r.numbers.empty());
    CHECK(r.skipped() == 0);
  }
}

TEST_CASE("a plain file that is cut at any byte gives its whole messages and tells the rest") {
  const std::string plain = records(0, 4);
  const std::size_t size = plain.size() / 4;
  for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
    INFO(cut);
    const Read r = read(plain.substr(0, cut));
    CHECK(r.numbers == up_to(static_cast<std::uint32_t>(cut / size)));
    CHECK(r.skipped() == cut % size);
    if (cut % size != 0) CHECK(r.unpacked.at(0).offset == cut / size * size);
  }
}

TEST_CASE("a compressed file of frames that is cut at any byte gives its whole frames and tells the rest") {
  const std::string first = zst(records(0, 3));
  const std::string whole = first + zst(records(3, 3));
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    INFO(cut);
    const Read r = read(whole.substr(0, cut), "x.zst");
    CHECK(r.numbers == up_to(cut < first.size() ? 0 : 3));
    CHECK(r.skipped() == (cut < first.size() ? cut : cut - first.size()));
  }
}

TEST_CASE("a gzip file that is cut at any byte gives what can be unpacked, and says that it ends early") {
  const std::string whole = gz(records(0, 50));
  std::size_t most = 0;
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    INFO(cut);
    const Read r = read(whole.substr(0, cut), "x.gz");
    CHECK(r.numbers == up_to(static_cast<std::uint32_t>(r.numbers.size())));
    CHECK(r.numbers.size() >= most);
    most = r.numbers.size();
    CHECK_FALSE(r.packed.empty());
  }
  CHECK(most == 50);
}

TEST_CASE("a byte that changes in a compressed frame costs that frame and no other one") {
  const std::string first = zst(records(0, 3));
  const std::string second = zst(records(3, 3));
  const std::string third = zst(records(6, 3));
  for (std::size_t at = 0; at < second.size(); ++at) {
    INFO(at);
    std::string damaged = second;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    const Read r = read(first + damaged + third);
    Numbers without = up_to(3);
    for (std::uint32_t i = 6; i < 9; ++i) without.push_back(i);
    if (r.numbers != up_to(9)) {  // a bit that means nothing (a reserved one) is no damage
      CHECK(r.numbers == without);
      CHECK(r.skipped() == second.size());
      CHECK(r.packed.at(0).offset == first.size());
    }
  }
}

TEST_CASE("rubbish before, between and behind messages is skipped and told with its place") {
  const std::string rubbish = "no message\x28\xb5 DLT\2 at all";
  const std::string one = records(0, 1);
  const Read r = read(rubbish + one + rubbish + records(1, 1) + rubbish, "x.dlt");
  CHECK(r.numbers == up_to(2));
  REQUIRE(r.unpacked.size() == 3);
  CHECK(r.unpacked[0].offset == 0);
  CHECK(r.unpacked[1].offset == rubbish.size() + one.size());
  for (const auto& s : r.unpacked) CHECK(s.bytes == rubbish.size());

  const Read z = read(zst(one) + rubbish + zst(records(1, 1)) + rubbish);
  CHECK(z.numbers == up_to(2));
  REQUIRE(z.packed.size() == 2);
  CHECK(z.packed[0].offset == zst(one).size());
  CHECK(z.skipped() == 2 * rubbish.size());

  const Read g = read(gz(one) + rubbish + gz(records(1, 1)));
  CHECK(g.numbers == up_to(2));
  CHECK(g.skipped() == rubbish.size());
}

TEST_CASE("a large frame of somebody else is read as it unpacks, and as far as it is there") {
  const std::string plain = records(0, 60'000);  // 4 MB in one frame
  const std::string whole = zst(plain);
  CHECK(read(whole).numbers == up_to(60'000));
  const Read torn = read(whole.substr(0, whole.size() / 2));
  CHECK(torn.numbers == up_to(static_cast<std::uint32_t>(torn.numbers.size())));
  CHECK(torn.numbers.size() > 10'000);
  CHECK_FALSE(torn.packed.empty());
}

TEST_CASE("a folder and a file that is not there cannot be opened") {
  const TempDir dir;
  CHECK(InputFile::open(dir.path().string(), no_stop()).error() == std::errc::is_a_directory);
  CHECK(InputFile::open(dir / "none", no_stop()).error() == std::errc::no_such_file_or_directory);
}

TEST_CASE("a file that grows is read message by message, at every split") {
  for (const bool compressed : {false, true}) {
    const std::string a = compressed ? zst(records(0, 2)) : records(0, 2);
    const std::string whole = a + (compressed ? zst(records(2, 2)) : records(2, 2));
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
      INFO(compressed << " " << cut);
      const TempDir dir;
      const std::string path = dir / (compressed ? "x.zst" : "x.dlt");
      write_file(path, whole.substr(0, cut));
      auto file = InputFile::open(path, no_stop());
      std::uint64_t skipped = 0;
      const auto count = [&skipped](auto, auto n, auto) { skipped += n; };
      RecordReader reader(make_source(*std::move(file), count), count, true);
      Numbers numbers;
      while (const auto r = reader.next()) numbers.push_back(number_of(r->frame()));
      write_file(path, whole);
      while (const auto r = reader.next()) numbers.push_back(number_of(r->frame()));
      CHECK(numbers == up_to(4));
      CHECK(skipped == 0);
    }
  }
}
