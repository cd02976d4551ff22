// A gzip file of one or more members. What was unpacked before a damage is given out: deflate has no smaller unit that
// a checksum vouches for, and a torn file shall show what it has.
#pragma once

#include "tools/source.hpp"

namespace dlt::tools {

inline constexpr std::string_view gzip_magic{"\x1f\x8b\x08", 3};

class GzSource : public Source {
 public:
  GzSource(InputFile file, OnSkipped skipped);
  ~GzSource() override;

  std::size_t read(std::span<std::byte> out) override;
  bool end() override;
  const InputFile& file() const noexcept override { return file_; }

 private:
  struct Stream;

  void skip_to_member(std::string_view why);

  InputFile file_;
  OnSkipped skipped_;
  std::unique_ptr<Stream> stream_;
  bool inside_ = false;  // of a member
};

}  // namespace dlt::tools
