// One DLT v1 frame, taken apart: headers as values, payload as a view. Arguments are decoded when they are asked for.
//
// Views live as long as the frame's bytes. Pure; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "dlt/proto/argument.hpp"
#include "dlt/proto/bytes.hpp"
#include "dlt/proto/error.hpp"
#include "dlt/proto/header.hpp"
#include "dlt/proto/level.hpp"

namespace dlt::proto {

struct NonVerbose {
  std::uint32_t id = 0;
  Bytes data;
};

class MessageView {
 public:
  // `frame` begins with htyp; what follows the announced length is not looked at.
  // Errc::truncated, bad_version, bad_length as StandardHeader::decode().
  [[nodiscard]] static Result<MessageView> parse(Bytes frame) noexcept;

  [[nodiscard]] const StandardHeader& standard() const noexcept { return standard_; }
  [[nodiscard]] bool has_extended() const noexcept { return (standard_.htyp & htyp::extended_header) != 0; }
  // All zero where has_extended() is false.
  [[nodiscard]] const ExtendedHeader& extended() const noexcept { return extended_; }
  [[nodiscard]] Bytes frame() const noexcept { return frame_; }
  [[nodiscard]] Bytes payload() const noexcept { return payload_; }

  [[nodiscard]] std::endian order() const noexcept {
    return (standard_.htyp & htyp::big_endian_payload) != 0 ? std::endian::big : std::endian::little;
  }
  [[nodiscard]] bool verbose() const noexcept { return (extended_.msin & msin::verbose) != 0; }
  // What it is; without an extended header a log message.
  [[nodiscard]] MessageType type() const noexcept { return msin::type(extended_.msin); }
  // The level of a log message that names one.
  [[nodiscard]] std::optional<Level> level() const noexcept;
  [[nodiscard]] bool is_control_request() const noexcept {
    return has_extended() && extended_.msin == msin::control_request;
  }
  [[nodiscard]] bool is_control_response() const noexcept {
    return has_extended() && extended_.msin == msin::control_response;
  }

  // The arguments of a verbose message; none of another one.
  [[nodiscard]] Arguments arguments() const noexcept {
    return {payload_, verbose() ? extended_.argument_count : std::size_t{0}, order()};
  }
  // Message id and data of a message that is not verbose. Errc::truncated without an id.
  [[nodiscard]] Result<NonVerbose> non_verbose() const noexcept;

 private:
  StandardHeader standard_;
  ExtendedHeader extended_;
  Bytes frame_;
  Bytes payload_;
};

}  // namespace dlt::proto
