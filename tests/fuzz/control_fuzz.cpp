// Control messages: any payload, as a request and as a response, in either byte order.
#include "dlt/proto/control.hpp"

#include "fuzz.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::fuzz::require;

namespace {

template <class Message>
fuzz::Buffer encoded(const Message& message, std::endian order) {
  fuzz::Buffer bytes(control::encoded_size(message));
  ByteWriter out(bytes);
  control::encode(out, message, order);
  require(out.ok() && out.size() == bytes.size(), "encoded_size() is what encode() writes");
  return bytes;
}

template <class Decode>
void check(Bytes payload, std::endian order, Decode decode) {
  const auto message = decode(payload, order);
  if (!message) return;
  const auto once = encoded(*message, order);
  const auto again = decode(once, order);
  require(again.has_value(), "what was encoded decodes");
  require(again->index() == message->index(), "to the same kind of message");
  require(encoded(*again, order) == once, "and encodes to the same bytes");
  const auto frame = control::frame(*message, control::Envelope{.ecu = "ECU1", .order = order});
  require(!frame || frame->size() <= max_frame_size, "a frame is never too long");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto order = (data[0] & 1) != 0 ? std::endian::big : std::endian::little;
  const auto payload = fuzz::copy_of(std::as_bytes(std::span(data + 1, size - 1)));
  check(payload, order, [](Bytes b, std::endian o) { return control::decode_request(b, o); });
  check(payload, order, [](Bytes b, std::endian o) { return control::decode_response(b, o); });
  return 0;
}
