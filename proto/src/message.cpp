#include "dlt/proto/message.hpp"

namespace dlt::proto {

Result<MessageView> MessageView::parse(Bytes frame) noexcept {
  ByteReader in(frame);
  const auto standard = StandardHeader::decode(in);
  if (!standard) return standard.error();
  if (frame.size() < standard->length) return Errc::truncated;
  MessageView m;
  m.standard_ = *standard;
  m.frame_ = frame.first(standard->length);
  m.payload_ = m.frame_.subspan(headers_size(standard->htyp));
  if (m.has_extended()) {
    const auto extended = ExtendedHeader::decode(in);
    if (!extended) return extended.error();
    m.extended_ = *extended;
  }
  return m;
}

std::optional<Level> MessageView::level() const noexcept {
  const auto info = msin::info(extended_.msin);
  const bool named = has_extended() && type() == MessageType::log && info >= 1 && info <= 6;
  return named ? std::optional(static_cast<Level>(info)) : std::nullopt;
}

Result<NonVerbose> MessageView::non_verbose() const noexcept {
  if (verbose()) return Errc::unsupported;
  ByteReader in(payload_);
  const auto id = in.number<std::uint32_t>(order());
  if (!in.ok()) return Errc::truncated;
  return NonVerbose{id, in.rest()};
}

}  // namespace dlt::proto
