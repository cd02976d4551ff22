#include "dlt/proto/error.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <set>
#include <string>

using namespace dlt;

TEST_CASE("a result holds a value or the reason why there is none") {
  const Result<int> good(5);
  CHECK(good);
  CHECK(*good == 5);
  CHECK_FALSE(good.error());

  const Result<int> bad(Errc::truncated);
  CHECK_FALSE(bad);
  CHECK(bad.error() == Errc::truncated);
  CHECK(bad.error() != Errc::bad_length);
}

TEST_CASE("a value that can only be moved is moved out") {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  REQUIRE(result);
  CHECK(**result == 7);
  const auto taken = *std::move(result);
  CHECK(*taken == 7);
}

TEST_CASE("each reason has words of its own") {
  std::set<std::string> words;
  for (int code = 1; code <= 11; ++code) words.insert(make_error_code(static_cast<Errc>(code)).message());
  CHECK(words.size() == 11);
  CHECK(make_error_code(static_cast<Errc>(99)).message() == "unknown error 99");
  CHECK(std::string(make_error_code(Errc::closed).category().name()) == "dlt");
}
