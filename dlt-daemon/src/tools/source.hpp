// The plain bytes of a stored file, however it is packed: .dlt, .dlt.gz, .dlt.zst.
//
// Which of them it is, its first bytes tell, its name where those are damaged. What cannot be unpacked is skipped and
// told, and reading goes on at the next place where something packed begins. Memory is bounded whatever the file
// claims. One thread.
#pragma once

#include <memory>
#include <span>

#include "tools/input_file.hpp"

namespace dlt::tools {

class Source {
 public:
  virtual ~Source() = default;

  // The next bytes, into the front of `out`: how many. 0: no more now; call again if the file may grow.
  [[nodiscard]] virtual std::size_t read(std::span<std::byte> out) = 0;
  // After read() has said 0: nothing will follow, what is left half-read is told as skipped. True: read() has more.
  [[nodiscard]] virtual bool end() { return false; }

  [[nodiscard]] virtual const InputFile& file() const noexcept = 0;
  // Offsets in what read() gives are offsets in the file.
  [[nodiscard]] virtual bool packed() const noexcept { return true; }
};

// `skipped`: told about packed bytes, with offsets in the file.
[[nodiscard]] std::unique_ptr<Source> make_source(InputFile file, OnSkipped skipped);

}  // namespace dlt::tools
