// One message of a stored file: where it ends, whether it is to be believed, where the next one may begin.
//
//   record   "DLT\1" + 12 bytes | frame        believed if another record, or the end, follows it, or if no record
//                                              begins inside it: then it is what follows that is damaged
//
// Pure; any thread.
#pragma once

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/header.hpp"

namespace dlt::daemon {

inline constexpr std::string_view record_magic{"DLT\x01", 4};
inline constexpr std::string_view zstd_magic{"\x28\xb5\x2f\xfd", 4};
// As far as one has to see from the start of a record to tell what it is.
inline constexpr std::size_t record_view = proto::storage_header_size + proto::max_frame_size + record_magic.size();

[[nodiscard]] inline bool begins_with(proto::Bytes bytes, std::string_view magic) noexcept {
  return proto::as_text(bytes).starts_with(magic);
}

// Where the magic stands from `from` on; if it does not, the end, less what may be the beginning of one (`last`:
// nothing follows the bytes).
[[nodiscard]] std::size_t find_magic(proto::Bytes bytes, std::string_view magic, std::size_t from, bool last) noexcept;

// The size of the record at the front if it is to be believed, 0 if not. Certain with record_view bytes, or all there
// are.
[[nodiscard]] std::size_t record_size(proto::Bytes bytes) noexcept;

// Whether the bytes, none of them a whole record, may become one when more are appended.
[[nodiscard]] bool may_become_record(proto::Bytes bytes) noexcept;

}  // namespace dlt::daemon
