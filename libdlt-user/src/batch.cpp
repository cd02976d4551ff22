#include "batch.hpp"

#include <cassert>

#include "dlt/proto/header.hpp"

namespace dlt::detail {

namespace local = proto::local;

std::size_t frame_length(proto::Bytes bytes) noexcept {
  if (bytes.size() < proto::standard_header_size) return 0;
  const std::size_t n = proto::load_be<std::uint16_t>(bytes.data() + 2);
  return n >= proto::standard_header_size && n <= bytes.size() ? n : 0;
}

std::vector<std::byte> wire_image(Wire wire, const local::Batch& where, proto::Bytes frames) {
  std::vector<std::byte> image;
  if (wire == Wire::batches) {
    image.resize(local::Batch::size + frames.size());
    proto::ByteWriter out(image);
    local::Batch header = where;
    header.length = static_cast<std::uint32_t>(frames.size());
    local::encode(out, header);
    out.bytes(frames);
    return image;
  }
  image.reserve(frames.size() * 2);
  while (const std::size_t n = frame_length(frames)) {
    const std::size_t at = image.size();
    image.resize(at + local::header_size + n);
    proto::ByteWriter out(std::span<std::byte>(image).subspan(at));
    local::encode(out, local::Log{frames.first(n)});
    frames = frames.subspan(n);
  }
  return image;
}

void Batch::clear(Wire wire) noexcept {
  wire_ = wire;
  iovecs_.clear();
  sizes_.clear();
  copies_.clear();
  bytes_ = 0;
}

void Batch::add(local::Batch where, proto::Bytes frames) {
  assert(ranges() < max_ranges);
  const auto piece = [this](const std::byte* data, std::size_t size) {
    iovecs_.push_back({const_cast<std::byte*>(data), size});
  };
  std::size_t size = 0;
  if (wire_ == Wire::batches) {
    where.length = static_cast<std::uint32_t>(frames.size());
    auto& header = headers_[ranges()];
    proto::ByteWriter out(header);
    local::encode(out, where);
    piece(header.data(), header.size());
    piece(frames.data(), frames.size());
    size = header.size() + frames.size();
  } else {
    copies_.push_back(wire_image(wire_, where, frames));
    size = copies_.back().size();
    piece(copies_.back().data(), size);
  }
  sizes_.push_back(size);
  bytes_ += size;
}

Batch::Written Batch::written(std::size_t n) const noexcept {
  Written w;
  while (w.whole < sizes_.size() && n >= sizes_[w.whole]) n -= sizes_[w.whole++];
  w.partial = n;
  return w;
}

}  // namespace dlt::detail
