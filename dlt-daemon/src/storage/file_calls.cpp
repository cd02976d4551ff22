#include "storage/file_calls.hpp"

#include "paths.hpp"

#include <unistd.h>

namespace dlt::daemon {

FileCalls kernel_calls() noexcept {
  return {[](int directory, const char* name) { return create_beneath(directory, name, 0640); }, ::pwrite, ::ftruncate,
          ::fdatasync, [](int directory, const char* name) { return ::unlinkat(directory, name, 0); }};
}

}  // namespace dlt::daemon
