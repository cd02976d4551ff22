#include "storage/large_frame.hpp"

#include <zstd.h>

#include <algorithm>
#include <new>

namespace dlt::daemon {

namespace {
constexpr int largest_window_log = 23;
constexpr std::size_t first_wanted = 5;  // enough to see how long the header is
}  // namespace

struct LargeFrame::Context {
  ZSTD_DCtx* stream = ZSTD_createDCtx();
  ~Context() { ZSTD_freeDCtx(stream); }
};

LargeFrame::LargeFrame() : context_(std::make_unique<Context>()) {
  if (context_->stream == nullptr) throw std::bad_alloc();
  ZSTD_DCtx_setParameter(context_->stream, ZSTD_d_windowLogMax, largest_window_log);
}

LargeFrame::~LargeFrame() = default;

void LargeFrame::begin() noexcept {
  ZSTD_DCtx_reset(context_->stream, ZSTD_reset_session_only);
  wanted_ = first_wanted;
}

// A block at a time, as zstd asks for them: so it is known which of them made what.
LargeFrame::Step LargeFrame::go_on(proto::Bytes packed, std::span<std::byte> plain) noexcept {
  Step step;
  while (step.plain < plain.size() && !step.ended) {
    const auto next = packed.subspan(step.packed, std::min(wanted_, packed.size() - step.packed));
    ZSTD_inBuffer in{next.data(), next.size(), 0};
    ZSTD_outBuffer out{plain.data(), plain.size(), step.plain};
    const std::size_t result = ZSTD_decompressStream(context_->stream, &out, &in);
    step.damaged = ZSTD_isError(result) != 0;
    if (step.damaged || (in.pos == 0 && out.pos == step.plain)) break;
    step.vain = out.pos > step.plain ? 0 : step.vain + in.pos;
    step.packed += in.pos;
    step.plain = out.pos;
    step.ended = result == 0;
    wanted_ = std::max<std::size_t>(result, 1);
  }
  return step;
}

}  // namespace dlt::daemon
