// What a daemon would find in an arena if its process were killed now, of which it has received nothing.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "arena.hpp"
#include "dlt/proto/salvage.hpp"
#include "frames.hpp"

namespace dlt::test {

struct Salvaged {
  std::vector<std::uint64_t> numbers;  // of the messages
  std::uint64_t accepted = 0;          // of the first buffer, as is the next
  std::uint64_t overwritten = 0;

  // What one piece of a salvage says.
  void take(proto::Bytes said) {
    namespace local = proto::local;
    while (!said.empty()) {
      std::size_t used = 0;
      const auto m = local::decode(said, used);
      REQUIRE(m);
      if (const auto* batch = std::get_if<local::Batch>(&*m)) {
        CHECK(batch->chunk != 0);
        const auto some = test::numbers(said.subspan(used, batch->length));
        numbers.insert(numbers.end(), some.begin(), some.end());
        used += batch->length;
      }
      if (const auto* s = std::get_if<local::Statistics>(&*m)) {
        accepted = s->at(0).accepted;
        overwritten = s->at(0).dropped[static_cast<std::size_t>(local::LossCause::overwritten)];
      }
      said = said.subspan(used);
    }
  }
};

inline Salvaged salvaged(detail::Arena& arena) {
  const std::byte* base = reinterpret_cast<const std::byte*>(&arena.carry()) - proto::arena::carry_at;
  const auto read = [&](std::uint64_t at, std::span<std::byte> into) {
    std::copy_n(base + at, into.size(), into.begin());
    return true;
  };
  proto::Salvage salvage(read, arena.size(), {});
  std::vector<std::byte> out(proto::Salvage::out_size);
  Salvaged all;
  auto step = proto::Salvage::Step::more;
  while (step == proto::Salvage::Step::more) {
    std::size_t n = 0;
    step = salvage.step(out, n);
    all.take(proto::Bytes(out).first(n));
  }
  CHECK(step == proto::Salvage::Step::done);
  return all;
}

}  // namespace dlt::test
