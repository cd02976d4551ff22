#include "recover_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "storage/recovery.hpp"

namespace dlt::daemon {

namespace {
constexpr std::size_t piece = 256 * 1024;  // bytes read at a time

int failed(const char* what, const std::string& path) {
  std::fprintf(stderr, "dlt-daemon: cannot %s %s: %s\n", what, path.c_str(), std::strerror(errno));
  return 1;
}
}  // namespace

int recover_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (!in) return failed("open", path);
  Recovery recovery(path.ends_with(".zst"),
                    [](proto::Bytes record) { std::fwrite(record.data(), 1, record.size(), stdout); });
  std::vector<std::byte> bytes(piece);
  while (const std::size_t n = std::fread(bytes.data(), 1, bytes.size(), in.get()))
    recovery.feed(proto::Bytes(bytes).first(n));
  if (std::ferror(in.get()) != 0) return failed("read", path);
  recovery.end();
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return failed("write what is in", path);
  std::fprintf(stderr, "dlt-daemon: %s: %llu messages, %llu bytes skipped\n", path.c_str(),
               static_cast<unsigned long long>(recovery.records()),
               static_cast<unsigned long long>(recovery.skipped_bytes()));
  return 0;
}

}  // namespace dlt::daemon
