#include "session/told_loss.hpp"

#include <catch2/catch.hpp>

#include "dlt-daemon/support/fake_node.hpp"
#include "dlt-daemon/support/spans.hpp"

using namespace dlt;
using namespace dlt::daemon;
using namespace dlt::test;
namespace control = dlt::proto::control;

TEST_CASE("a notice of this daemon's about lost messages is read, and nothing else is one") {
  Pool pool(4096);
  const auto said = [&](const std::string& frames, bool own = true) {
    FrameSpan span = span_of(pool, frames);
    span.own = own;
    return loss_in(span, "ECU1").messages;
  };
  const control::MessageBufferOverflow lost{{}, 1, 40};

  CHECK(said(node_says(lost, "ECU1")) == 40);
  CHECK(said(node_says(lost, "ECU2")) == 0);  // a passive node's
  CHECK(said(node_says(lost, "ECU1"), false) == 0);
  CHECK(said(node_says(control::Marker{}, "ECU1")) == 0);
  CHECK(said(frame(1)) == 0);
  const std::string bare("\x20\x00\x00\x04", 4);
  CHECK(said(bare) == 0);
  auto cut = node_says(lost, "ECU1").substr(0, 30);
  cut[3] = 30;
  CHECK(said(cut) == 0);
}
