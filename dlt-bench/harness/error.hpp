// A measurement that cannot go on: no daemon, a worker that died, a limit that passed. Thrown anywhere in dlt-bench,
// told once in main, exit code 1. (A tool that measures has one thing to do with such an error, so it is an exception
// here.)
#pragma once

#include <stdexcept>

namespace dlt::bench {

struct BenchError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace dlt::bench
