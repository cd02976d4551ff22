// Framer: any stream, any split. The books close, views stay inside, and without rubbish the split changes nothing.
#include "dlt/proto/framer.hpp"

#include "fuzz.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::fuzz::require;

namespace {

struct Run {
  std::vector<fuzz::Buffer> frames;
  std::size_t bytes = 0;  // of frames and the headers in front of them
};

void collect(Framer& framer, Bytes piece, Run& run) {
  framer.feed(piece);
  while (const auto frame = framer.next()) {
    const auto length = whole_frame(frame->bytes);
    require(length == frame->bytes.size(), "a frame is whole and possible");
    require(frame->storage.empty() || frame->storage.size() == storage_header_size, "a storage header has 16 bytes");
    const auto* begin = frame->bytes.data();
    const bool inside = begin >= piece.data() && begin + length <= piece.data() + piece.size();
    require(frame->carried || inside, "a frame that is not carried is a view of what was fed");
    run.frames.push_back(fuzz::copy_of(frame->bytes));
    run.bytes += length + frame->storage.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::SplitInput input(data, size);
  const std::size_t limit = size % 3 == 0 ? 200 : max_frame_size;

  Framer split(limit);
  Run in_pieces;
  for (auto piece = input.next_piece(); !piece.empty(); piece = input.next_piece()) collect(split, piece, in_pieces);
  Framer whole(limit);
  Run at_once;
  const auto all = fuzz::copy_of(input.stream());
  collect(whole, all, at_once);

  // Serial headers ("DLS\1") are taken off and counted nowhere, so the books are an upper bound here.
  require(in_pieces.bytes + split.skipped_bytes() + split.pending() <= all.size(), "no byte is counted twice");
  require(at_once.bytes + whole.skipped_bytes() + whole.pending() <= all.size(), "no byte is counted twice");
  if (split.resyncs() == 0 || whole.resyncs() == 0) {
    require(split.resyncs() == whole.resyncs(), "sync does not depend on the split");
    require(in_pieces.frames == at_once.frames, "frames do not depend on the split");
    require(split.pending() == whole.pending(), "what is pending does not depend on the split");
  }
  return 0;
}
