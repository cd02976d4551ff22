// A file of zstd frames, as storage writes them or as `zstd` makes them.
//
//   frame   magic | ... | checksum
//
// A frame of up to 1 MiB unpacked (storage writes 256 KiB) is given out when all of it is good, so that a damaged one
// is left out as a whole; larger ones as they unpack.
//
// After a damage the next magic is searched for, from the byte behind the frame's first one.
#pragma once

#include <vector>

#include "tools/source.hpp"

namespace dlt::tools {

class ZstSource : public Source {
 public:
  ZstSource(InputFile file, OnSkipped skipped);
  ~ZstSource() override;

  std::size_t read(std::span<std::byte> out) override;
  bool end() override;
  const InputFile& file() const noexcept override { return file_; }

 private:
  struct Stream;
  enum class Step { more, frame, nothing, damaged };

  [[nodiscard]] bool fill_plain();
  [[nodiscard]] bool begin_frame();
  [[nodiscard]] Step unpack_some();
  void give_up_frame(std::string_view why);
  void skip_to_frame(std::string_view why);

  InputFile file_;
  OnSkipped skipped_;
  std::unique_ptr<Stream> stream_;
  std::vector<std::byte> plain_;
  std::size_t given_ = 0;   // of plain_
  std::size_t usable_ = 0;  // of plain_: what may be given
  std::size_t held_ = 0;    // of plain_: unpacked, not to be given yet
  bool inside_ = false;     // of a frame
  std::size_t done_ = 0;    // bytes of the window that have gone into the frame
  bool large_ = false;      // the frame has outgrown plain_: its bytes are given as they come
  std::string why_;
};

}  // namespace dlt::tools
