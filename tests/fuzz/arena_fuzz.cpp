// The memory of a killed application: any file at all, and one that another process changes between any two looks.
//
// Input: a byte, how many of the reads see changed bytes; then the file's structure (the front, the slot table, the
// chunk headers), which is laid into a file of 256 KiB where those things are.
#include <algorithm>

#include "dlt/proto/local_framer.hpp"
#include "dlt/proto/salvage.hpp"
#include "fuzz.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::fuzz::require;

namespace {

constexpr std::uint64_t file_size = 256 * 1024;
constexpr std::uint64_t first_chunk = arena::first_chunk_for(file_size);

// Where the input's bytes go: places that are read as structure first, the rest of the first chunks after that.
constexpr std::pair<std::uint64_t, std::uint64_t> places[] = {
    {0, 192},
    {arena::slots_at, 3 * arena::slot_size},
    {first_chunk, 192},
    {first_chunk + arena::granule, 192},
    {first_chunk + 2 * arena::granule, 192},
    {arena::carry_frames_at, 256},
    {first_chunk + 192, 4096},
};

// One file and one place for the result for all runs: making 320 KiB anew takes longer than the rest of a run.
fuzz::Buffer& file_of(Bytes input) {
  static fuzz::Buffer file(file_size);
  std::fill(file.begin(), file.end(), std::byte{});
  for (const auto& [at, size] : places) {
    const std::size_t n = std::min<std::size_t>(size, input.size());
    std::copy_n(input.begin(), n, file.begin() + static_cast<std::ptrdiff_t>(at));
    input = input.subspan(n);
  }
  return file;
}

struct Listener {
  std::size_t frames = 0;
  void frame(Bytes whole, std::size_t headers) {
    require(headers <= whole.size(), "headers are inside their frame");
    ++frames;
  }
  void message(const local::Message& m) {
    const bool known = std::holds_alternative<local::Batch>(m) || std::holds_alternative<local::Loss>(m) ||
                       std::holds_alternative<local::Statistics>(m);
    require(known, "nothing but frames and books is said");
  }
  void garbage(std::size_t) {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto input = std::as_bytes(std::span(data, size));
  const auto changing = std::to_integer<std::size_t>(input[0]);
  auto& file = file_of(input.subspan(1));
  std::size_t reads = 0;
  const auto read = [&](std::uint64_t at, std::span<std::byte> into) {
    require(at <= file.size() && file.size() - at >= into.size(), "no read goes beyond the file");
    require(into.size() <= Salvage::out_size, "reads are bounded");
    if (reads++ < changing) file[(reads * 2654435761U) % file.size()] ^= std::byte{0x55};
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(at), into.size(), into.begin());
    return true;
  };
  Salvage salvage(read, file.size(), {AppId("FUZZ"), {{}, {1, 40}}, {}});
  Listener listener;
  local::LocalFramer framer;
  static fuzz::Buffer out(Salvage::out_size);
  auto step = Salvage::Step::more;
  for (std::size_t steps = 0; step == Salvage::Step::more; ++steps) {
    require(steps < 64, "a file of this size takes few steps");
    std::size_t n = 0;
    step = salvage.step(out, n);
    require(n <= out.size(), "no more is said than there is room");
    require(framer.consume(Bytes(out).first(n), listener) == n, "what is said is whole");
  }
  return 0;
}
