// The main function of every test binary: Catch2's, with the seed of --rng-seed also taken from DLT_TEST_SEED, because
// ctest starts the binaries (`./dev test --seed N`).
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  Catch::Session session;
  if (const char* seed = std::getenv("DLT_TEST_SEED"); seed != nullptr) {
    session.configData().rngSeed = static_cast<unsigned>(std::strtoul(seed, nullptr, 10));
  }
  if (const int wrong = session.applyCommandLine(argc, argv); wrong != 0) return wrong;
  return session.run();
}
