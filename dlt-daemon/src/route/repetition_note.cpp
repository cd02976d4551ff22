#include "route/repetition_note.hpp"

#include <bit>
#include <string>

#include "dlt/proto/argument.hpp"
#include "dlt/proto/header.hpp"

namespace dlt::daemon {

std::vector<std::byte> repetition_note(EcuId ecu, AppId app, ContextId context, std::uint64_t times,
                                       std::uint32_t timestamp) {
  const std::string text =
      "the message before came " + std::to_string(times) + (times == 1 ? " time more" : " times more");
  std::vector<std::byte> frame(256);
  proto::ByteWriter out(frame);
  proto::StandardHeader standard;
  standard.htyp = proto::htyp::control;  // without a session: it is no process of the application that says so
  standard.ecu = ecu;
  standard.timestamp = timestamp;
  constexpr std::size_t type_length_and_nul = 4 + 2 + 1;
  standard.length = static_cast<std::uint16_t>(proto::headers_size(standard.htyp) + type_length_and_nul + text.size());
  standard.encode(out);
  constexpr auto info = proto::msin::make(proto::MessageType::log, 4, true);
  proto::ExtendedHeader{info, 1, app, context}.encode(out);
  proto::encode_argument(out, proto::argument(text), std::endian::little);
  frame.resize(out.written().size());
  return frame;
}

}  // namespace dlt::daemon
