#include "harness/snapshot_read.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "dlt/proto/message.hpp"
#include "harness/error.hpp"
#include "storage/recovery.hpp"

namespace dlt::bench {
namespace {

constexpr std::uint64_t segments = 8;  // of a ring that are kept; the rest of each is no room for one more frame

class Content {
 public:
  Content(unsigned threads, unsigned payload) : texts_(Texts::fixed(payload)) { content_.threads.resize(threads); }

  void take(proto::Bytes frame) {
    if (!std::exchange(noted_, true)) return take_note(frame);
    const auto m = read_standard(frame);
    if (!m || m->producer >= content_.threads.size() || m->text != texts_.of(m->sequence)) {
      ++content_.torn;
      return;
    }
    SnapshotThread& t = content_.threads[m->producer];
    if (t.messages != 0 && m->sequence < t.next) {
      ++content_.twice;
      return;
    }
    if (t.messages++ == 0) t.first = m->sequence;
    t.next = m->sequence + 1;
    t.bytes += frame.size();
    ++content_.messages;
  }
  [[nodiscard]] SnapshotContent result(std::uint64_t skipped) {
    const auto fault = [&](std::uint64_t n, const char* what) {
      if (n != 0) content_.faults.push_back(std::to_string(n) + " " + what);
    };
    fault(content_.torn, "messages are torn or nobody's");
    fault(content_.twice, "messages are there twice or out of order");
    fault(skipped, "bytes of the snapshot are no messages");
    fault(broken_, "segments of the recorder made no sense");
    return std::move(content_);
  }

 private:
  void take_note(proto::Bytes frame) {
    const auto note = proto::MessageView::parse(frame);
    if (!note) {
      content_.faults.emplace_back("the snapshot does not begin with what it is");
      return;
    }
    std::string key;
    for (auto a = note->arguments(); a.more();) {
      const auto one = a.next();
      if (!one) break;
      if (const auto* text = std::get_if<proto::Text>(&one->value)) key = text->text;
      const auto* n = std::get_if<std::uint64_t>(&one->value);
      if (n != nullptr && key == "overwritten_segments=") content_.overwritten = *n;
      if (n != nullptr && key == "broken_segments=") broken_ = *n;
    }
  }

  Texts texts_;
  bool noted_ = false;
  std::uint64_t broken_ = 0;
  SnapshotContent content_;
};

// The messages before the first one that should be there, too.
std::uint64_t missing_before(const SnapshotThread& t, std::uint64_t overwritten, std::uint64_t ring_bytes) {
  if (t.first == 0 || t.messages == 0) return 0;
  const std::uint64_t each = t.bytes / t.messages;
  const std::uint64_t gone = std::min(overwritten, segments) * (ring_bytes / segments) + (segments + 1) * each;
  const std::uint64_t sure = ring_bytes > gone ? ring_bytes - gone : 0;
  return t.bytes >= sure ? 0 : std::min(t.first, (sure - t.bytes) / each);
}

}  // namespace

SnapshotContent read_snapshot(const std::string& path, unsigned threads, unsigned payload) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw BenchError("cannot read the snapshot " + path);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  Content content(threads, payload);
  daemon::Recovery recovery(true,
                            [&](proto::Bytes record) { content.take(record.subspan(proto::storage_header_size)); });
  recovery.feed(proto::as_bytes(bytes));
  recovery.end();
  SnapshotContent result = content.result(recovery.skipped_bytes());
  result.file_bytes = bytes.size();
  return result;
}

SnapshotVerdict judge_snapshot(const SnapshotContent& content, const std::vector<Witnessed>& witnessed,
                               std::uint64_t ring_bytes) {
  SnapshotVerdict v;
  v.faults = content.faults;
  for (std::size_t i = 0; i < witnessed.size(); ++i) {
    const SnapshotThread& t = content.threads[i];
    const Witnessed& w = witnessed[i];
    const std::string who = "thread " + std::to_string(i) + ": ";
    const std::uint64_t behind = w.committed > t.next ? w.committed - t.next : 0;
    const std::uint64_t gaps = t.next - t.first - t.messages;
    const std::uint64_t before = missing_before(t, content.overwritten, ring_bytes);
    if (w.committed > t.first) v.committed += w.committed - t.first;
    v.committed += before;
    v.missed += behind + gaps + before;
    if (behind + gaps + before != 0)
      v.faults.push_back(who + std::to_string(behind + gaps + before) + " committed messages are missing (" +
                         std::to_string(behind) + " at the end, " + std::to_string(gaps) + " in gaps, " +
                         std::to_string(before) + " at the front)");
    if (t.next > w.begun)
      v.faults.push_back(who + "message " + std::to_string(t.next - 1) + " of " + std::to_string(w.begun) + " calls");
  }
  return v;
}

}  // namespace dlt::bench
