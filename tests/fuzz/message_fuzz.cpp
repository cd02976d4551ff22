// MessageView, arguments and text: any frame. What decodes encodes again to the same meaning.
#include "dlt/proto/message.hpp"
#include "dlt/proto/text.hpp"

#include "fuzz.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::fuzz::require;

namespace {

fuzz::Buffer encoded(const Argument& a, std::endian order, std::size_t room) {
  fuzz::Buffer bytes(room);
  ByteWriter out(bytes);
  encode_argument(out, a, order);
  require(out.ok(), "an argument is at most one NUL per text longer than what it was decoded from");
  bytes.resize(out.size());
  return bytes;
}

void check_arguments(const MessageView& m) {
  Arguments arguments = m.arguments();
  while (arguments.more()) {
    const std::size_t before = arguments.rest().size();
    const auto a = arguments.next();
    if (!a) return;
    require(arguments.rest().size() < before, "an argument takes bytes");
    const auto once = encoded(*a, m.order(), before + 8);
    ByteReader in(once);
    const auto again = decode_argument(in, m.order());
    require(again.has_value() && in.remaining() == 0, "what was encoded decodes, to the last byte");
    require(encoded(*again, m.order(), before + 8) == once, "and encodes to the same bytes");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto frame = fuzz::copy_of(std::as_bytes(std::span(data, size)));
  // Mutations seldom keep the length field right; help, or little more than the headers would be reached.
  if (frame.size() >= 4 && size <= max_frame_size) store_be(frame.data() + 2, static_cast<std::uint16_t>(size));
  const auto m = MessageView::parse(frame);
  if (!m) return 0;
  require(m->frame().size() <= frame.size(), "a frame is no longer than its bytes");
  check_arguments(*m);
  const auto body = m->non_verbose();
  require(!body || body->data.size() + 4 == m->payload().size(), "an id has four bytes");
  const auto line = to_line(*m, Reception{});
  require(line.find('[') != std::string::npos && line.back() == ']', "a line has its brackets");
  return 0;
}
