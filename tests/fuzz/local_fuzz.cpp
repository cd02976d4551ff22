// The protocol between library and daemon: any message, and any stream in any split.
#include "dlt/proto/local.hpp"

#include "dlt/proto/local_framer.hpp"
#include "fuzz.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::fuzz::require;

namespace {

fuzz::Buffer encoded(const local::Message& message, std::size_t room) {
  fuzz::Buffer bytes(room);
  ByteWriter out(bytes);
  local::encode(out, message);
  require(out.ok(), "a message is no longer than what it was decoded from");
  bytes.resize(out.size());
  return bytes;
}

void read_entries(const local::Message& message) {
  if (const auto* m = std::get_if<local::TraceLoad>(&message))
    for (std::size_t i = 0; i < m->count(); ++i) (void)m->at(i);
  if (const auto* m = std::get_if<local::Loss>(&message))
    for (std::size_t i = 0; i < m->count(); ++i) (void)local::name(m->at(i).cause);
  if (const auto* m = std::get_if<local::Statistics>(&message))
    for (std::size_t i = 0; i < m->count(); ++i) (void)m->at(i);
}

void check_message(Bytes bytes) {
  std::size_t used = 0;
  const auto message = local::decode(bytes, used);
  if (!message) return;
  require(used >= local::header_size && used <= bytes.size(), "a message takes its header and no more than is there");
  read_entries(*message);
  const auto once = encoded(*message, bytes.size());
  std::size_t used_again = 0;
  const auto again = local::decode(once, used_again);
  require(again.has_value() && used_again == once.size(), "what was encoded decodes, to the last byte");
  require(again->index() == message->index(), "to the same kind of message");
  require(encoded(*again, bytes.size()) == once, "and encodes to the same bytes");
}

// Stands for the daemon: remembers frames, counts the rest.
struct Listener {
  std::vector<fuzz::Buffer> frames;
  std::size_t bytes = 0;
  bool marker = false;

  void frame(Bytes whole, std::size_t headers) {
    require(headers <= whole.size(), "headers are inside their frame");
    frames.push_back(fuzz::copy_of(whole));
    bytes += whole.size();
  }
  void message(const local::Message& m) {
    read_entries(m);
    marker = marker || std::holds_alternative<local::Marker>(m);
  }
  void garbage(std::size_t n) { bytes += n; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::SplitInput input(data, size);
  const auto all = fuzz::copy_of(input.stream());
  check_message(all);

  local::LocalFramer whole;
  Listener at_once;
  const std::size_t used = whole.consume(all, at_once);
  require(used <= all.size() && all.size() - used <= local::LocalFramer::max_carry + max_frame_size,
          "little is left over");

  local::LocalFramer split;
  Listener in_pieces;
  fuzz::Buffer carry;
  for (auto piece = input.next_piece(); !piece.empty(); piece = input.next_piece()) {
    carry.insert(carry.end(), piece.begin(), piece.end());
    const auto shown = fuzz::copy_of(carry);
    const std::size_t n = split.consume(shown, in_pieces);
    require(n <= shown.size(), "no more is used than was shown");
    carry.erase(carry.begin(), carry.begin() + static_cast<std::ptrdiff_t>(n));
  }
  // Whether a byte behind a marker belongs to it depends on its being there already.
  if (!at_once.marker && !in_pieces.marker) {
    require(in_pieces.frames == at_once.frames, "frames do not depend on the split");
    require(carry.size() == all.size() - used, "what is left does not depend on the split");
  }
  return 0;
}
