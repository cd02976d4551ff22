#include "dlt/proto/local_framer.hpp"

namespace dlt::proto::local {

std::size_t LocalFramer::find_magic(Bytes bytes, std::size_t from) noexcept {
  const std::string_view text = as_text(bytes);
  for (std::size_t at = text.find(magic.front(), from); at != std::string_view::npos;
       at = text.find(magic.front(), at + 1))
    if (magic.starts_with(text.substr(at, magic.size()))) return at;
  return text.size();
}

}  // namespace dlt::proto::local
