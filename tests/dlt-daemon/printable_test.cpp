#include "printable.hpp"

#include <catch2/catch.hpp>

using dlt::daemon::printable;

TEST_CASE("text from outside cannot end a line or speak to a terminal") {
  CHECK(printable("plain text") == "plain text");
  CHECK(printable("a\nb\x1b[31m\xc3\xa4") == "a\\x0ab\\x1b[31m\\xc3\\xa4");
  CHECK(printable(std::string_view("\0\x7f", 2)) == "\\x00\\x7f");
  CHECK(printable("abcdef", 3) == "abc...");
  CHECK(printable("abc", 3) == "abc");
}
