// Reads the daemon's stored files back, keeps the ledger, and measures what the compressor alone does on the same
// bytes.
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "harness/clock.hpp"
#include "harness/error.hpp"
#include "harness/stored_files.hpp"
#include "harness/stream_reader.hpp"
#include "harness/wire.hpp"
#include "harness/worker.hpp"

namespace dlt::bench {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t compare_limit = 256U << 20;  // bytes of plain text that the comparison keeps
constexpr int level = 1;

std::vector<std::byte> read_file(const fs::path& path) {
  std::vector<std::byte> bytes(fs::file_size(path));
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

std::size_t checked(std::size_t code) {
  if (ZSTD_isError(code) != 0)
    throw BenchError(std::string("the stored file does not decompress: ") + ZSTD_getErrorName(code));
  return code;
}

// The frames of a file one by one; a plain file is one "frame".
template <class Use>
void each_frame(const std::vector<std::byte>& file, bool compressed, Use&& use) {
  if (!compressed) return use(std::vector<std::byte>(file));
  const auto context = std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)>(ZSTD_createDCtx(), ZSTD_freeDCtx);
  for (std::size_t at = 0; at < file.size();) {
    ZSTD_inBuffer in{file.data() + at, file.size() - at, 0};
    std::vector<std::byte> plain;
    for (std::size_t left = 1; left != 0;) {
      const std::size_t before = plain.size();
      plain.resize(before + ZSTD_DStreamOutSize());
      ZSTD_outBuffer out{plain.data() + before, plain.size() - before, 0};
      left = checked(ZSTD_decompressStream(context.get(), &out, &in));
      plain.resize(before + out.pos);
      if (in.pos == in.size && left != 0 && out.pos == 0)
        throw BenchError("the stored file ends inside a compressed frame");
    }
    at += in.pos;
    use(std::move(plain));
  }
}

void compress_alone(const std::vector<std::vector<std::byte>>& frames, StoreResult& result) {
  const auto context = std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)>(ZSTD_createCCtx(), ZSTD_freeCCtx);
  checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level));
  checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, 17));
  std::size_t largest = 0, plain = 0, packed = 0;
  for (const auto& frame : frames) largest = std::max(largest, frame.size()), plain += frame.size();
  std::vector<std::byte> out(ZSTD_compressBound(largest));
  const std::uint64_t begin = now_ns();
  for (const auto& frame : frames)
    packed += checked(ZSTD_compress2(context.get(), out.data(), out.size(), frame.data(), frame.size()));
  const double seconds = static_cast<double>(now_ns() - begin) * 1e-9;
  if (packed == 0) return;
  result.compressor_bytes_per_s = static_cast<double>(plain) / seconds;
  result.compressor_ratio = static_cast<double>(plain) / static_cast<double>(packed);
}

}  // namespace

void store_worker(Channel& channel) {
  const auto plan = from_wire<StorePlan>(channel.expect(10));
  const Texts texts = plan.realistic_text ? Texts::lines() : Texts::fixed(plan.payload);
  Ledger ledger(plan.producers, texts);
  StreamReader reader(StreamReader::Kind::stored, AppId(std::string_view(plan.run)), ledger);
  StoreResult result;
  std::vector<std::vector<std::byte>> kept;
  for (const auto& path : stored_files(plan.directory)) {
    const auto file = read_file(path);
    const bool compressed = path.extension() == ".zst";
    ++result.files;
    result.file_bytes += file.size();
    each_frame(file, compressed, [&](std::vector<std::byte>&& plain) {
      reader.feed(plain, 0);
      result.plain_bytes += plain.size();
      if (compressed && result.plain_bytes <= compare_limit) kept.push_back(std::move(plain));
    });
  }
  reader.finish();
  result.producers = ledger.producers();
  result.delivered = ledger.delivered();
  result.bytes = ledger.bytes();
  result.faults = ledger.faults();
  compress_alone(kept, result);
  channel.send(to_wire(result));
}

}  // namespace dlt::bench
