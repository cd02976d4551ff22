// A measurement that cannot go on: no daemon, a worker that died, a limit that passed. Thrown anywhere in dlt-bench,
// told once in main, exit code 1. (A tool that measures has one thing to do with such an error, so it is an exception
// here.)
#pragma once

#include <stdexcept>

namespace dlt::bench {

struct BenchError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// This machine does not allow what a case needs; nothing was measured, and that is neither good nor bad. Exit code 77.
struct CannotRunHere : BenchError {
  using BenchError::BenchError;
};

}  // namespace dlt::bench
