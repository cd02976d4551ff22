// The stream of the incumbent's FIFO: any bytes in any split, with the FIFO empty or not behind each piece.
#include "dlt/proto/fifo_framer.hpp"
#include "fuzz.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::fuzz::require;

namespace {

struct Listener {
  std::size_t bytes = 0;

  void frame(Bytes whole, std::size_t headers) {
    require(headers <= whole.size(), "headers are inside their frame");
    bytes += whole.size() + local::header_size;
  }
  void message(Bytes whole, const local::Message& m) {
    std::size_t used = 0;
    const auto again = local::decode(whole, used);
    require(again.has_value() && used == whole.size(), "a message is shown with exactly its bytes");
    require(again->index() == m.index(), "and is what they say");
    bytes += whole.size();
  }
  void garbage(std::size_t n) {
    require(n > 0, "garbage is something");
    bytes += n;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::SplitInput input(data, size);
  local::FifoFramer framer;
  Listener listener;
  fuzz::Buffer carry;
  std::size_t shown = 0;
  for (auto piece = input.next_piece(); !piece.empty(); piece = input.next_piece()) {
    shown += piece.size();
    carry.insert(carry.end(), piece.begin(), piece.end());
    const auto bytes = fuzz::copy_of(carry);
    const std::size_t used = framer.consume(bytes, (shown & 3) != 0, listener);
    require(used <= bytes.size(), "no more is used than was shown");
    require(bytes.size() - used <= local::FifoFramer::max_carry, "little is left over");
    carry.erase(carry.begin(), carry.begin() + static_cast<std::ptrdiff_t>(used));
    require(listener.bytes + carry.size() == shown, "every byte is a message's, garbage, or waits");
  }
  return 0;
}
