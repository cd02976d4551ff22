// What a row shows, figure by figure, for every table that people read: terminal, page, Markdown. Pure.
//
// A cell is the median over the repeats, unless its title says otherwise; empty where the row does not have the figure
// (a call that was not timed, writes that nobody counts). Columns of one group stand side by side.
#pragma once

#include <span>
#include <string>

#include "case.hpp"

namespace dlt::bench {

struct Column {
  const char* group;  // empty: stands alone
  const char* title;
  std::string (*text)(const Row&);
};

// What arrived, and what became of the rest.
[[nodiscard]] std::span<const Column> book_columns() noexcept;
// What it cost: time, CPU, memory.
[[nodiscard]] std::span<const Column> cost_columns() noexcept;

}  // namespace dlt::bench
