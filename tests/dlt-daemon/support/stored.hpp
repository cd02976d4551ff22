// What is in the files that storage wrote, for tests. The test's main thread only.
#pragma once

#include <zstd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "dlt-daemon/support/wire.hpp"
#include "route/message.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

using Numbers = std::vector<std::uint32_t>;

inline std::map<std::string, std::string> files_in(const std::filesystem::path& dir) {
  std::map<std::string, std::string> files;
  for (const auto& e : std::filesystem::directory_iterator(dir)) files[e.path().filename()] = read_file(e.path());
  return files;
}

// The size of the whole zstd frame that stands there, 0 if there is none.
inline std::size_t frame_size(const std::string& packed, std::size_t at = 0) {
  const auto n = ZSTD_findFrameCompressedSize(packed.data() + at, packed.size() - at);
  return ZSTD_isError(n) != 0 ? 0 : n;
}

// What whole zstd frames at the front of `packed` hold.
inline std::string unpack(std::string packed) {
  std::string out;
  while (!packed.empty()) {
    const auto n = frame_size(packed);
    if (n == 0) break;
    std::string plain(ZSTD_getFrameContentSize(packed.data(), n), '\0');
    if (ZSTD_isError(ZSTD_decompress(plain.data(), plain.size(), packed.data(), n)) != 0) break;
    out += plain;
    packed.erase(0, n);
  }
  return out;
}

// The numbers of the messages of a stored file, each with a whole storage header and a whole frame.
inline Numbers stored_numbers(const std::string& plain) {
  Numbers out;
  proto::ByteReader in(proto::as_bytes(plain));
  while (in.remaining() > 0) {
    REQUIRE(proto::StorageHeader::decode(in));
    const auto rest = in.rest();
    REQUIRE(rest.size() >= 4);
    out.push_back(number_of(in.take(daemon::frame_length(rest.data()))));
    REQUIRE(in.ok());
  }
  return out;
}

inline Numbers all_numbers(const std::filesystem::path& dir) {
  Numbers out;
  for (const auto& [name, bytes] : files_in(dir))
    for (const auto n : stored_numbers(name.ends_with(".zst") ? unpack(bytes) : bytes)) out.push_back(n);
  return out;
}

inline Numbers up_to(std::uint32_t n) {
  Numbers out;
  for (std::uint32_t i = 0; i < n; ++i) out.push_back(i);
  return out;
}

}  // namespace dlt::test
