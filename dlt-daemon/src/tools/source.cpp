#include "tools/source.hpp"

#include "storage/record.hpp"
#include "tools/gz_source.hpp"
#include "tools/zst_source.hpp"

namespace dlt::tools {

namespace {

class PlainSource : public Source {
 public:
  explicit PlainSource(InputFile file) : file_(std::move(file)) {}

  std::size_t read(std::span<std::byte> out) override { return file_.read(out); }
  const InputFile& file() const noexcept override { return file_; }
  bool packed() const noexcept override { return false; }

 private:
  InputFile file_;
};

}  // namespace

std::unique_ptr<Source> make_source(InputFile file, OnSkipped skipped) {
  while (file.window().size() < daemon::zstd_magic.size() && file.fill()) continue;
  const bool plain = daemon::begins_with(file.window(), daemon::record_magic);
  const auto is = [&](std::string_view magic, std::string_view ending) {
    return daemon::begins_with(file.window(), magic) || (!plain && file.name().ends_with(ending));
  };
  const bool zst = daemon::begins_with(file.window(), daemon::zstd_magic);
  if (!zst && is(gzip_magic, ".gz")) return std::make_unique<GzSource>(std::move(file), std::move(skipped));
  if (is(daemon::zstd_magic, ".zst")) return std::make_unique<ZstSource>(std::move(file), std::move(skipped));
  return std::make_unique<PlainSource>(std::move(file));
}

}  // namespace dlt::tools
