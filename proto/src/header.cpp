#include "dlt/proto/header.hpp"

namespace dlt::proto {

namespace {
constexpr std::string_view storage_magic{"DLT\x01", 4};
}

void StorageHeader::encode(ByteWriter& out) const noexcept {
  out.text(storage_magic);
  out.u32_le(seconds);
  out.i32_le(microseconds);
  out.id(ecu);
}

Result<StorageHeader> StorageHeader::decode(ByteReader& in) noexcept {
  const Bytes magic = in.take(storage_magic.size());
  StorageHeader h;
  h.seconds = in.u32_le();
  h.microseconds = in.i32_le();
  h.ecu = in.id<EcuId>();
  if (!in.ok()) return Errc::truncated;
  if (as_text(magic) != storage_magic) return Errc::bad_magic;
  return h;
}

std::size_t StandardHeader::size() const noexcept {
  return headers_size(static_cast<std::uint8_t>(htyp & ~htyp::extended_header));
}

void StandardHeader::encode(ByteWriter& out) const noexcept {
  out.u8(htyp);
  out.u8(counter);
  out.u16_be(length);
  if ((htyp & htyp::with_ecu) != 0) out.id(ecu);
  if ((htyp & htyp::with_session) != 0) out.u32_be(session);
  if ((htyp & htyp::with_timestamp) != 0) out.u32_be(timestamp);
}

Result<StandardHeader> StandardHeader::decode(ByteReader& in) noexcept {
  StandardHeader h;
  h.htyp = in.u8();
  h.counter = in.u8();
  h.length = in.u16_be();
  if (!in.ok()) return Errc::truncated;
  if ((h.htyp & htyp::version_mask) != htyp::version_1) return Errc::bad_version;
  if (h.length < headers_size(h.htyp)) return Errc::bad_length;
  if ((h.htyp & htyp::with_ecu) != 0) h.ecu = in.id<EcuId>();
  if ((h.htyp & htyp::with_session) != 0) h.session = in.u32_be();
  if ((h.htyp & htyp::with_timestamp) != 0) h.timestamp = in.u32_be();
  if (!in.ok()) return Errc::truncated;
  return h;
}

void ExtendedHeader::encode(ByteWriter& out) const noexcept {
  out.u8(msin);
  out.u8(argument_count);
  out.id(app);
  out.id(context);
}

Result<ExtendedHeader> ExtendedHeader::decode(ByteReader& in) noexcept {
  ExtendedHeader h;
  h.msin = in.u8();
  h.argument_count = in.u8();
  h.app = in.id<AppId>();
  h.context = in.id<ContextId>();
  if (!in.ok()) return Errc::truncated;
  return h;
}

}  // namespace dlt::proto
