#include "route/own_message.hpp"

#include <bit>

#include "dlt/proto/argument.hpp"
#include "dlt/proto/header.hpp"

namespace dlt::daemon {

namespace {
constexpr std::size_t longest_text = 8192;
constexpr std::size_t type_length_and_nul = 4 + 2 + 1;
}  // namespace

std::vector<std::byte> own_message(const MessageOf& of, std::uint8_t level, std::string_view text,
                                   std::uint32_t timestamp) {
  text = text.substr(0, longest_text);
  proto::StandardHeader standard;
  standard.htyp = proto::htyp::control;
  standard.ecu = of.ecu;
  standard.timestamp = timestamp;
  std::vector<std::byte> frame(proto::headers_size(standard.htyp) + type_length_and_nul + text.size());
  standard.length = static_cast<std::uint16_t>(frame.size());
  proto::ByteWriter out(frame);
  standard.encode(out);
  proto::ExtendedHeader{proto::msin::make(proto::MessageType::log, level, true), 1, of.app, of.context}.encode(out);
  proto::encode_argument(out, proto::argument(text), std::endian::little);
  return frame;
}

}  // namespace dlt::daemon
