// Names of hosts that a test makes up: getaddrinfo() answers what the test says, as late as the test wants. Every other
// name, and every number, is looked up as ever.
#pragma once

#include <string>
#include <vector>

namespace dlt::test::names {

// From now on, in this process, a name ending with ".test" stands for these numbers, in this order.
void stand_for(std::vector<std::string> numbers);
// From now on a look-up of such a name does not end before answer(), or `patience`.
void hold_back();
void answer();
// Look-ups of such a name: begun, and ended, since stand_for().
[[nodiscard]] int asked();
[[nodiscard]] int answered();

}  // namespace dlt::test::names
