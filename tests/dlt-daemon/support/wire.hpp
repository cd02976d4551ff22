// Bytes as applications and clients send them, for tests.
#pragma once

#include <string>
#include <vector>

#include "dlt/proto/control.hpp"
#include "dlt/proto/header.hpp"
#include "dlt/proto/local.hpp"

namespace dlt::test {

// A log frame with four bytes of sequence number behind the headers, then `extra` bytes.
inline std::string frame(std::uint32_t number, std::size_t extra = 0, AppId app = "APP1", ContextId context = "CTX1") {
  std::vector<std::byte> buffer(64);
  proto::ByteWriter out(buffer);
  proto::StandardHeader standard;
  standard.length = static_cast<std::uint16_t>(proto::headers_size(proto::htyp::log) + 4 + extra);
  standard.ecu = "ECU1";
  standard.encode(out);
  proto::ExtendedHeader{0x41, 1, app, context}.encode(out);
  out.u32_le(number);
  return std::string(proto::as_text(out.written())) + std::string(extra, 'x');
}

inline constexpr std::size_t frame_headers = 26;

// The number that frame() put in.
inline std::uint32_t number_of(proto::Bytes f) {
  return f.size() < frame_headers + 4 ? 0xffff'ffff : proto::load_le<std::uint32_t>(f.data() + frame_headers);
}

inline std::string encoded(const proto::local::Message& message) {
  std::vector<std::byte> buffer(128 * 1024);
  proto::ByteWriter out(buffer);
  proto::local::encode(out, message);
  return std::string(proto::as_text(out.written()));
}

inline std::string log(const std::string& f) { return encoded(proto::local::Log{proto::as_bytes(f)}); }

inline std::string batch(const std::string& frames) {
  return encoded(proto::local::Batch{static_cast<std::uint32_t>(frames.size()), 0, 0, 0}) + frames;
}

// `count` frames from `first` on, in one batch.
inline std::string numbered_batch(std::uint32_t first, std::uint32_t count, std::size_t extra = 40) {
  std::string frames;
  for (std::uint32_t i = 0; i < count; ++i) frames += frame(first + i, extra);
  return batch(frames);
}

inline std::string request(const proto::control::Request& r, AppId app = {}, ContextId context = {}) {
  proto::control::Envelope envelope;
  envelope.ecu = "ECU1";
  envelope.app = app;
  envelope.context = context;
  return std::string(proto::as_text(*proto::control::frame(r, envelope)));
}

inline std::string registration(AppId app = "APP1", std::initializer_list<ContextId> contexts = {"CTX1"}) {
  std::string out = encoded(proto::local::RegisterApplication{app, 4711, "an application"});
  std::int32_t position = 0;
  for (const ContextId c : contexts)
    out += encoded(proto::local::RegisterContext{app, c, position++, -2, -2, 4711, "a context"});
  return out;
}

}  // namespace dlt::test
