// For what can be done without. Any thread.
#pragma once

#include <new>

namespace dlt::daemon {

// False: there was no memory for it.
template <class Step>
bool attempt(Step&& step) {
  try {
    step();
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace dlt::daemon
