#include "harness/message.hpp"

namespace dlt::bench {

std::vector<std::byte> make_standard(AppId app, std::uint64_t producer, std::uint64_t sequence, double sent_ns,
                                     std::string_view text) {
  std::vector<std::byte> frame(text_offset + text.size() + 1);
  proto::ByteWriter out(frame);
  proto::StandardHeader standard;
  standard.counter = static_cast<std::uint8_t>(sequence);
  standard.length = static_cast<std::uint16_t>(frame.size());
  standard.ecu = "ECU1";
  standard.encode(out);
  proto::ExtendedHeader{0x41, 3, app, "BNCH"}.encode(out);
  out.u32_le(0x44);
  out.u64_le(tag(producer, sequence));
  out.u32_le(0x84);
  out.u64_le(std::bit_cast<std::uint64_t>(sent_ns));
  out.u32_le(0x8200);
  out.u16_le(static_cast<std::uint16_t>(text.size() + 1));
  out.text(text);
  out.u8(0);
  return frame;
}

}  // namespace dlt::bench
