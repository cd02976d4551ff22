#include "dlt/proto/local.hpp"

#include "dlt/proto/header.hpp"

namespace dlt::proto::local {

namespace {

void header(ByteWriter& out, Type type) noexcept {
  out.text(magic);
  out.u32_le(static_cast<std::uint32_t>(type));
}

void counted_text(ByteWriter& out, std::string_view text) noexcept {
  out.u32_le(static_cast<std::uint32_t>(text.size()));
  out.text(text);
}

// A length field and what it announces. The limit is checked before the bytes are waited for.
Result<Bytes> counted(ByteReader& in, std::size_t unit, std::size_t limit) noexcept {
  const std::size_t n = in.u32_le();
  if (!in.ok()) return Errc::truncated;
  if (n > limit / unit) return Errc::bad_length;
  const Bytes b = in.take(n * unit);
  if (!in.ok()) return Errc::truncated;
  return b;
}

struct Encoder {
  ByteWriter& out;

  void operator()(const Log& m) const noexcept {
    header(out, Type::log);
    out.bytes(m.frame);
  }
  void operator()(const RegisterApplication& m) const noexcept {
    header(out, Type::register_application);
    out.id(m.app);
    out.i32_le(m.pid);
    counted_text(out, m.description);
  }
  void operator()(const UnregisterApplication& m) const noexcept {
    header(out, Type::unregister_application);
    out.id(m.app);
    out.i32_le(m.pid);
  }
  void operator()(const RegisterContext& m) const noexcept {
    header(out, Type::register_context);
    out.id(m.app);
    out.id(m.context);
    out.i32_le(m.position);
    out.i8(m.log_level);
    out.i8(m.trace_status);
    out.i32_le(m.pid);
    counted_text(out, m.description);
  }
  void operator()(const UnregisterContext& m) const noexcept {
    header(out, Type::unregister_context);
    out.id(m.app);
    out.id(m.context);
    out.i32_le(m.pid);
  }
  void operator()(const LogLevel& m) const noexcept {
    header(out, Type::log_level);
    out.u8(m.log_level);
    out.u8(m.trace_status);
    out.i32_le(m.position);
  }
  void operator()(const Injection& m) const noexcept {
    header(out, Type::injection);
    out.i32_le(m.position);
    out.u32_le(m.service);
    counted_text(out, as_text(m.data));
  }
  void operator()(const Overflow& m) const noexcept {
    header(out, Type::overflow);
    out.u32_le(m.lost);
    out.id(m.app);
  }
  void operator()(const ApplicationLimits& m) const noexcept {
    header(out, Type::application_limits);
    out.id(m.app);
    out.u8(m.log_level);
    out.u8(m.trace_status);
  }
  void operator()(const LogMode& m) const noexcept {
    header(out, Type::log_mode);
    out.i8(m.mode);
  }
  void operator()(const LogState& m) const noexcept {
    header(out, Type::log_state);
    out.i8(m.state);
  }
  void operator()(const Marker&) const noexcept { header(out, Type::marker); }
  void operator()(const TraceLoad& m) const noexcept {
    header(out, Type::trace_load);
    out.u32_le(static_cast<std::uint32_t>(m.count()));
    out.bytes(m.limits);
  }
  void operator()(const Hello& m) const noexcept {
    header(out, Type::hello);
    out.u32_le(m.version);
    out.u32_le(m.capabilities);
    out.i32_le(m.pid);
    out.id(m.ecu);
    out.i32_le(m.utc_offset_s);
    out.u64_le(m.instance);
    counted_text(out, m.name);
  }
  void operator()(const Batch& m) const noexcept {
    header(out, Type::batch);
    out.u32_le(m.length);
    out.u32_le(m.slot);
    out.u32_le(m.chunk);
    out.u32_le(m.offset);
  }
  void operator()(const Memfd& m) const noexcept {
    header(out, Type::memfd);
    out.u32_le(m.version);
    out.u32_le(m.chunk_size);
    out.u64_le(m.size);
  }
  void operator()(const Loss& m) const noexcept {
    header(out, Type::loss);
    out.id(m.app);
    out.u32_le(static_cast<std::uint32_t>(m.count()));
    out.bytes(m.entries);
  }
  void operator()(const Statistics& m) const noexcept {
    header(out, Type::statistics);
    out.id(m.app);
    out.u32_le(static_cast<std::uint32_t>(m.count()));
    out.bytes(m.entries);
  }
  void operator()(const SetOverflowMode& m) const noexcept {
    header(out, Type::overflow_mode);
    out.u8(m.buffer);
    out.u8(m.mode);
    out.u16_le(0);
    out.u32_le(m.timeout_ms);
  }
  void operator()(const Bye&) const noexcept { header(out, Type::bye); }
  void operator()(const Ack& m) const noexcept {
    header(out, Type::ack);
    out.u64_le(m.position);
  }
  void operator()(const Recorder& m) const noexcept {
    header(out, Type::recorder);
    out.u32_le(m.version);
    out.u32_le(m.segment_size);
    out.u64_le(m.size);
  }
  void operator()(const SnapshotRequest& m) const noexcept {
    header(out, Type::snapshot_request);
    out.u32_le(m.id);
    counted_text(out, m.reason);
  }
  void operator()(const SnapshotAnswer& m) const noexcept {
    header(out, Type::snapshot_answer);
    out.u32_le(m.id);
    out.u32_le(static_cast<std::uint32_t>(m.status));
    counted_text(out, m.text);
  }
};

// Hands out `m` if every field was there.
template <class T>
Result<Message> whole(const ByteReader& in, T m) noexcept {
  if (!in.ok()) return Errc::truncated;
  return Message{std::move(m)};
}

// Reads the last, counted field of a message into `field`.
template <class T, class Assign>
Result<Message> with_counted(ByteReader& in, T m, std::size_t unit, std::size_t limit, Assign assign) noexcept {
  const auto bytes = counted(in, unit, limit);
  if (!bytes) return bytes.error();
  assign(m, *bytes);
  return Message{std::move(m)};
}

Result<Message> decode_log(ByteReader& in) noexcept {
  const Bytes rest = in.rest();
  if (rest.size() < standard_header_size) return Errc::truncated;
  const std::size_t length = load_be<std::uint16_t>(rest.data() + 2);
  if (length < standard_header_size) return Errc::bad_length;
  return whole(in, Log{in.take(length)});
}

Result<Message> decode_marker(ByteReader& in) noexcept {
  if (in.remaining() > 0 && static_cast<char>(in.rest().front()) != magic.front()) in.skip(1);
  return Message{Marker{}};
}

}  // namespace

TraceLoad::Limit TraceLoad::at(std::size_t i) const noexcept {
  ByteReader in(limits.subspan(i * 12, 12));
  Limit limit;
  limit.context = in.id<ContextId>();
  limit.soft = in.u32_le();
  limit.hard = in.u32_le();
  return limit;
}

std::string_view name(LossCause cause) noexcept {
  switch (cause) {
    case LossCause::full: return "full";
    case LossCause::overwritten: return "overwritten";
    case LossCause::timed_out: return "timed_out";
    case LossCause::at_exit: return "at_exit";
    case LossCause::quota: return "quota";
    case LossCause::too_large: return "too_large";
    case LossCause::nested: return "nested";
  }
  return "unknown";
}

Loss::Entry Loss::at(std::size_t i) const noexcept {
  ByteReader in(entries.subspan(i * entry_size, entry_size));
  Entry e;
  e.buffer = in.u8();
  e.cause = static_cast<LossCause>(in.u8());
  in.skip(2);
  e.count = in.u64_le();
  return e;
}

void Loss::put(ByteWriter& out, const Entry& e) noexcept {
  out.u8(e.buffer);
  out.u8(static_cast<std::uint8_t>(e.cause));
  out.u16_le(0);
  out.u64_le(e.count);
}

Statistics::Entry Statistics::at(std::size_t i) const noexcept {
  ByteReader in(entries.subspan(i * entry_size, entry_size));
  Entry e;
  e.buffer = in.u8();
  e.mode = in.u8();
  in.skip(2);
  for (auto* v : {&e.accepted, &e.delivered, &e.queued, &e.high_water, &e.bytes}) *v = in.u64_le();
  for (auto& v : e.dropped) v = in.u64_le();
  return e;
}

void Statistics::put(ByteWriter& out, const Entry& e) noexcept {
  out.u8(e.buffer);
  out.u8(e.mode);
  out.u16_le(0);
  for (const auto v : {e.accepted, e.delivered, e.queued, e.high_water, e.bytes}) out.u64_le(v);
  for (const auto v : e.dropped) out.u64_le(v);
}

void encode(ByteWriter& out, const Message& message) noexcept { std::visit(Encoder{out}, message); }

Result<Message> decode_body(Type type, ByteReader& in) noexcept {
  // Braced initialisation evaluates left to right, so the fields are read in the order of the wire.
  switch (type) {
    case Type::log: return decode_log(in);
    case Type::register_application:
      return with_counted(in, RegisterApplication{in.id<AppId>(), in.i32_le(), {}}, 1, max_body_size,
                          [](auto& m, Bytes b) { m.description = as_text(b); });
    case Type::unregister_application: return whole(in, UnregisterApplication{in.id<AppId>(), in.i32_le()});
    case Type::register_context:
      return with_counted(
          in, RegisterContext{in.id<AppId>(), in.id<ContextId>(), in.i32_le(), in.i8(), in.i8(), in.i32_le(), {}}, 1,
          max_body_size, [](auto& m, Bytes b) { m.description = as_text(b); });
    case Type::unregister_context: return whole(in, UnregisterContext{in.id<AppId>(), in.id<ContextId>(), in.i32_le()});
    case Type::log_level: return whole(in, LogLevel{in.u8(), in.u8(), in.i32_le()});
    case Type::injection:
      return with_counted(in, Injection{in.i32_le(), in.u32_le(), {}}, 1, max_body_size,
                          [](auto& m, Bytes b) { m.data = b; });
    case Type::overflow: return whole(in, Overflow{in.u32_le(), in.id<AppId>()});
    case Type::application_limits: return whole(in, ApplicationLimits{in.id<AppId>(), in.u8(), in.u8()});
    case Type::log_mode: return whole(in, LogMode{in.i8()});
    case Type::log_state: return whole(in, LogState{in.i8()});
    case Type::marker: return decode_marker(in);
    case Type::trace_load:
      return with_counted(in, TraceLoad{}, 12, max_body_size, [](auto& m, Bytes b) { m.limits = b; });
    case Type::hello:
      return with_counted(in,
                          Hello{in.u32_le(), in.u32_le(), in.i32_le(), in.id<EcuId>(), in.i32_le(), {}, in.u64_le()}, 1,
                          max_description, [](auto& m, Bytes b) { m.name = as_text(b); });
    case Type::batch: {
      const Batch b{in.u32_le(), in.u32_le(), in.u32_le(), in.u32_le()};
      if (in.ok() && (b.length == 0 || b.length > max_batch_size)) return Errc::bad_length;
      return whole(in, b);
    }
    case Type::memfd: return whole(in, Memfd{in.u32_le(), in.u32_le(), in.u64_le()});
    case Type::loss:
      return with_counted(in, Loss{in.id<AppId>(), {}}, Loss::entry_size, Loss::entry_size * Loss::max_entries,
                          [](auto& m, Bytes b) { m.entries = b; });
    case Type::statistics:
      return with_counted(in, Statistics{in.id<AppId>(), {}}, Statistics::entry_size,
                          Statistics::entry_size * Statistics::max_entries, [](auto& m, Bytes b) { m.entries = b; });
    case Type::overflow_mode: {
      SetOverflowMode m{in.u8(), in.u8(), 0};
      in.skip(2);
      m.timeout_ms = in.u32_le();
      return whole(in, m);
    }
    case Type::bye: return Message{Bye{}};
    case Type::ack: return whole(in, Ack{in.u64_le()});
    case Type::recorder: return whole(in, Recorder{in.u32_le(), in.u32_le(), in.u64_le()});
    case Type::snapshot_request:
      return with_counted(in, SnapshotRequest{in.u32_le(), {}}, 1, SnapshotRequest::max_reason,
                          [](auto& m, Bytes b) { m.reason = as_text(b); });
    case Type::snapshot_answer:
      return with_counted(in, SnapshotAnswer{in.u32_le(), static_cast<SnapshotAnswer::Status>(in.u32_le()), {}}, 1,
                          SnapshotAnswer::max_text, [](auto& m, Bytes b) { m.text = as_text(b); });
    case Type::log_shm: return Errc::unsupported;
  }
  return Errc::unsupported;
}

Result<Message> decode(Bytes bytes, std::size_t& used) noexcept {
  ByteReader in(bytes);
  const Bytes m = in.take(magic.size());
  const auto type = static_cast<Type>(in.u32_le());
  if (!in.ok()) return Errc::truncated;
  if (as_text(m) != magic) return Errc::bad_magic;
  auto message = decode_body(type, in);
  used = message ? in.position() : 0;
  return message;
}

}  // namespace dlt::proto::local
