// What a span tells of lost messages: it is a notice of this daemon's own (0x14). Pure; the io thread's.
#pragma once

#include "dlt/proto/control.hpp"
#include "dlt/proto/header.hpp"
#include "route/message.hpp"

namespace dlt::daemon {

struct ToldLoss {
  AppId app;
  std::uint64_t messages = 0;  // 0: it is no such notice
};

// `own`: the ECU id of this daemon; what passive nodes tell is theirs.
[[nodiscard]] inline ToldLoss loss_in(const FrameSpan& span, EcuId own) {
  if (!span.own || span.frames != 1) return {};
  proto::ByteReader in(span.bytes());
  const auto standard = proto::StandardHeader::decode(in);
  if (!standard || standard->ecu != own || (standard->htyp & proto::htyp::extended_header) == 0) return {};
  const auto extended = proto::ExtendedHeader::decode(in);
  if (!extended || extended->msin != proto::msin::control_response) return {};
  const auto response = proto::control::decode_response(in.rest(), std::endian::little);
  if (!response) return {};
  const auto* const overflow = std::get_if<proto::control::MessageBufferOverflow>(&*response);
  if (overflow == nullptr) return {};
  return {extended->app, overflow->lost};
}

}  // namespace dlt::daemon
