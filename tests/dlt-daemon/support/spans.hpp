// Spans of frames in slabs, as the daemon passes them around, for tests.
#pragma once

#include <cstring>

#include "dlt-daemon/support/wire.hpp"
#include "route/message.hpp"
#include "route/sink.hpp"

namespace dlt::test {

inline daemon::FrameSpan span_of(daemon::Pool& pool, const std::string& frames) {
  daemon::FrameSpan span;
  span.slab = pool.take();
  std::byte* const memory = span.slab.get()->memory().data();
  std::memcpy(memory, frames.data(), frames.size());
  span.data = memory;
  span.size = static_cast<std::uint32_t>(frames.size());
  daemon::for_each_frame(span.bytes(), [&](proto::Bytes) { ++span.frames; });
  return span;
}

// `count` frames numbered from `first`.
inline daemon::FrameSpan numbered(daemon::Pool& pool, std::uint32_t first, std::uint32_t count, std::size_t extra = 0) {
  std::string frames;
  for (std::uint32_t i = 0; i < count; ++i) frames += frame(first + i, extra);
  return span_of(pool, frames);
}

inline std::vector<std::uint32_t> numbers(proto::Bytes frames) {
  std::vector<std::uint32_t> out;
  daemon::for_each_frame(frames, [&](proto::Bytes f) { out.push_back(number_of(f)); });
  return out;
}

template <class Spans>
std::vector<std::uint32_t> numbers_in(const Spans& spans) {
  std::vector<std::uint32_t> out;
  for (const daemon::FrameSpan& span : spans)
    for (const auto n : numbers(span.bytes())) out.push_back(n);
  return out;
}

// Takes everything and remembers it.
struct RecordingSink : daemon::Sink {
  std::vector<daemon::FrameSpan> spans;
  bool holds = false;
  int pushes = 0;

  void accept(const daemon::FrameSpan& span, daemon::Clock::time_point) override { spans.push_back(span); }
  void push() override { ++pushes; }
  bool holds_back(daemon::Clock::time_point) noexcept override { return holds; }
  [[nodiscard]] std::uint64_t settled() const noexcept override { return settled_to; }
  [[nodiscard]] std::deque<daemon::FrameSpan> unsent_messages() const override { return {spans.begin(), spans.end()}; }

  std::uint64_t settled_to = all_settled;
};

}  // namespace dlt::test
