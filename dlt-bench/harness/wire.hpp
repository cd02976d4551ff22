// Plans and results as the text in which the bench and its workers exchange them: one line of JSON.
//
// For the types in wire.cpp; it is the one place that pays the compile time of reading and writing them. A text that is
// not of that type throws what nlohmann::json throws. Pure; any thread.
#pragma once

#include <string>

#include "harness/crew_plan.hpp"
#include "harness/ledger.hpp"
#include "harness/plan.hpp"
#include "harness/receive.hpp"
#include "harness/roofline.hpp"
#include "harness/suspend_plan.hpp"

namespace dlt::bench {

template <class T>
[[nodiscard]] std::string to_wire(const T& value);
template <class T>
[[nodiscard]] T from_wire(const std::string& text);

}  // namespace dlt::bench
