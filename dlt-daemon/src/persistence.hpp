// The files that store_config writes and reset_to_factory_default deletes, in one directory.
//
// A file is exchanged as a whole: it is written under another name and renamed, so a reader sees the old or the new
// one. It is not waited for until the disk has them: the io thread, whose this is, waits for nobody, and a power cut in
// the next seconds costs the new levels. The directory is opened as storage's is (paths.hpp).
#pragma once

#include <string>

#include "session/fd.hpp"

namespace dlt::daemon {

class Persistence {
 public:
  explicit Persistence(std::string directory) : directory_(std::move(directory)) {}

  [[nodiscard]] bool enabled() const noexcept { return !directory_.empty(); }
  // The content of the context file; empty without one. What goes wrong is logged, here and below.
  [[nodiscard]] std::string load() const;
  [[nodiscard]] bool store(const std::string& applications, const std::string& contexts) const;
  [[nodiscard]] bool forget() const;

 private:
  [[nodiscard]] Fd open() const;

  const std::string directory_;
};

}  // namespace dlt::daemon
