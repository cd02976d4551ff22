// The flight recorder of an application: any file at all, and one that another process changes between any two looks.
//
// Input: a byte, how many of the reads see changed bytes; then the file's structure (the front, the heads of segments),
// which is laid into a file of 4 rings of 2 segments of 1 KiB where those things are.
#include <algorithm>

#include "dlt/proto/framer.hpp"
#include "dlt/proto/recording.hpp"
#include "fuzz.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::fuzz::require;

namespace {

constexpr std::uint64_t file_size = recorder::first_ring + 8 * 1024;

fuzz::Buffer file_of(Bytes input) {
  fuzz::Buffer file(file_size);
  const auto put = [&](std::uint64_t at, std::size_t size) {
    const std::size_t n = std::min(size, input.size());
    std::copy_n(input.begin(), n, file.begin() + static_cast<std::ptrdiff_t>(at));
    input = input.subspan(n);
  };
  put(0, recorder::header_size);
  for (std::uint64_t s = 0; s < 8; ++s) put(recorder::first_ring + s * 1024, 160);
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto input = std::as_bytes(std::span(data, size));
  const auto changing = std::to_integer<std::size_t>(input[0]);
  auto file = file_of(input.subspan(1));
  std::size_t reads = 0;
  const auto read = [&](std::uint64_t at, std::span<std::byte> into) {
    require(at <= file.size() && file.size() - at >= into.size(), "no read goes beyond the file");
    if (reads++ < changing) file[(reads * 2654435761U) % file.size()] ^= std::byte{0x55};
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(at), into.size(), into.begin());
    return true;
  };
  const auto r = Recording::read(read, file.size(), 1'000'000);
  if (!r) return 0;
  std::int64_t age = -1;
  for (const auto& e : r->entries()) {
    require(whole_frame(r->frame(e)) == e.size, "entries are whole frames");
    require(age == -1 || e.age <= age, "the oldest come first");
    age = e.age;
  }
  return 0;
}
