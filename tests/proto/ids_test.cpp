#include "dlt/proto/ids.hpp"

#include <catch2/catch.hpp>

#include <type_traits>
#include <unordered_set>

using namespace dlt;

TEST_CASE("an id takes four characters and fills with zero bytes") {
  CHECK(AppId("AB").text() == "AB");
  CHECK(std::string_view(AppId("AB").bytes(), 4) == std::string_view("AB\0\0", 4));
  CHECK(AppId("ABCDEF") == AppId("ABCD"));
  CHECK(AppId(std::string_view("A\0CD", 4)).text() == "A");
  CHECK(AppId().empty());
  CHECK_FALSE(AppId("A").empty());
}

TEST_CASE("an id from bytes keeps what stands behind a zero byte") {
  const auto id = AppId::from_bytes("A\0CD");
  CHECK(id.text() == "A");
  CHECK(id != AppId("A"));
  CHECK(id.key() == 0x44430041);
}

TEST_CASE("ids are compared, ordered and hashed by their bytes, and are not of one type") {
  CHECK(AppId("AA") < AppId("AB"));
  const std::unordered_set<AppId> set{"AA", "AB", "AA"};
  CHECK(set.size() == 2);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<AppId, ContextId>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<EcuId, AppId>);
}
