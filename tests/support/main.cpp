// The main function of every test binary: Catch2's, with the seed of --rng-seed also taken from DLT_TEST_SEED, because
// ctest starts the binaries (`./dev test --seed N`); and the exit code of tests that could not be run (skip.hpp).
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>

#include "support/skip.hpp"

int main(int argc, char** argv) {
  Catch::Session session;
  if (const char* seed = std::getenv("DLT_TEST_SEED"); seed != nullptr) {
    session.configData().rngSeed = static_cast<unsigned>(std::strtoul(seed, nullptr, 10));
  }
  if (const int wrong = session.applyCommandLine(argc, argv); wrong != 0) return wrong;
  const int failed = session.run();
  return failed == 0 && dlt::test::was_skipped() ? dlt::test::skipped_code : failed;
}
