#include "recover_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "storage/record.hpp"
#include "storage/recovery.hpp"

namespace dlt::daemon {

namespace {
constexpr std::size_t piece = 256 * 1024;  // bytes read at a time
constexpr std::string_view gzip_magic{"\x1f\x8b", 2};

int failed(const char* what, const std::string& path) {
  std::fprintf(stderr, "dlt-daemon: cannot %s %s: %s\n", what, path.c_str(), std::strerror(errno));
  return 1;
}
// Its first bytes tell, the name where those are damaged.
bool is_compressed(proto::Bytes front, const std::string& path) {
  return begins_with(front, zstd_magic) || (path.ends_with(".zst") && !begins_with(front, record_magic));
}
}  // namespace

int recover_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (!in) return failed("open", path);
  std::vector<std::byte> bytes(piece);
  std::size_t n = std::fread(bytes.data(), 1, bytes.size(), in.get());
  const auto front = proto::Bytes(bytes).first(n);
  if (begins_with(front, gzip_magic)) {
    std::fprintf(stderr, "dlt-daemon: %s is packed with gzip: dlt-daemon cat -o - FILE reads it\n", path.c_str());
    return 1;
  }
  Recovery recovery(is_compressed(front, path),
                    [](proto::Bytes record) { std::fwrite(record.data(), 1, record.size(), stdout); });
  for (; n != 0; n = std::fread(bytes.data(), 1, bytes.size(), in.get())) recovery.feed(proto::Bytes(bytes).first(n));
  if (std::ferror(in.get()) != 0) return failed("read", path);
  recovery.end();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return failed("write what is in", path);
  std::fprintf(stderr, "dlt-daemon: %s: %llu messages, %llu bytes skipped\n", path.c_str(),
               static_cast<unsigned long long>(recovery.records()),
               static_cast<unsigned long long>(recovery.skipped_bytes()));
  return recovery.records() == 0 && recovery.skipped_bytes() > 0 ? 1 : 0;
}

}  // namespace dlt::daemon
