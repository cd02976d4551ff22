// Stored files: storage headers with frames behind them, printed line by line, in any split of the reads.
#include "dlt/proto/framer.hpp"
#include "dlt/proto/text.hpp"

#include "fuzz.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::SplitInput input(data, size);
  Framer framer;
  for (auto piece = input.next_piece(); !piece.empty(); piece = input.next_piece()) {
    framer.feed(piece);
    while (const auto frame = framer.next()) {
      const auto message = MessageView::parse(frame->bytes);
      require(message.has_value(), "the framer gives out frames only");
      Reception reception;
      if (!frame->storage.empty()) {
        ByteReader in(frame->storage);
        const auto storage = StorageHeader::decode(in);
        require(storage.has_value(), "the framer tells storage headers");
        reception.storage = *storage;
        std::array<std::byte, storage_header_size> again{};
        ByteWriter out(again);
        storage->encode(out);
        require(as_text(again) == as_text(frame->storage), "a storage header encodes to the same bytes");
      }
      require(!to_line(*message, reception).empty(), "a frame has a line");
    }
  }
  return 0;
}
