#include "snapshot/snapshot_note.hpp"

#include <string_view>

#include "dlt/proto/argument.hpp"
#include "dlt/proto/header.hpp"
#include "printable.hpp"
#include "snapshot/snapshot_name.hpp"

namespace dlt::daemon {

namespace {

// Arguments, and how many.
class Fields {
 public:
  explicit Fields(std::span<std::byte> room) noexcept : out_(room) {}

  void text(std::string_view value) noexcept {
    proto::encode_argument(out_, proto::argument(value), std::endian::little);
    ++count_;
  }
  void field(std::string_view key, std::string_view value) noexcept { text(key), text(value); }
  void field(std::string_view key, std::uint64_t value) noexcept {
    text(key);
    proto::encode_argument(out_, proto::argument(value), std::endian::little);
    ++count_;
  }
  [[nodiscard]] proto::Bytes bytes() const noexcept { return out_.written(); }
  [[nodiscard]] std::uint8_t count() const noexcept { return count_; }

 private:
  proto::ByteWriter out_;
  std::uint8_t count_ = 0;
};

}  // namespace

Frame snapshot_note(const SnapshotPlace& place, const SnapshotJob& job, const proto::Recording& recording,
                    const SnapshotMoment& now) {
  std::vector<std::byte> room(4096);
  Fields f(room);
  f.text("snapshot");
  f.field("reason=", printable(job.reason, 255));
  f.field("application=", printable(job.of.app.text()));
  f.field("program=", printable(job.of.program, 255));
  f.field("ecu=", printable(place.ecu.text()));
  f.field("host=", printable(place.host, 255));
  f.field("pid=", static_cast<std::uint64_t>(job.of.pid));
  f.field("uid=", std::uint64_t{job.of.uid});
  f.field("started=", time_part(job.of.since_us));
  f.field("asked=", time_part(job.asked_us));
  f.field("taken=", time_part(now.unix_us));
  f.field("messages=", recording.entries().size());
  f.field("missed=", recording.header().missed);
  f.field("overwritten_segments=", recording.overwritten());
  f.field("broken_segments=", recording.broken());
  f.field("left_out_segments=", recording.left_out());

  Frame frame(proto::headers_size(proto::htyp::control) + f.bytes().size());
  proto::ByteWriter out(frame);
  proto::StandardHeader standard;
  standard.htyp = proto::htyp::control;  // without a session
  standard.ecu = place.ecu;
  standard.timestamp = now.uptime;
  standard.length = static_cast<std::uint16_t>(frame.size());
  standard.encode(out);
  constexpr auto info = proto::msin::make(proto::MessageType::log, 4, true);
  proto::ExtendedHeader{info, f.count(), "DLTD", "SNAP"}.encode(out);
  out.bytes(f.bytes());
  return frame;
}

}  // namespace dlt::daemon
