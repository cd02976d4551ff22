// Viewers that nobody here wrote, connected to our daemon and to the incumbent's while the same programs log: they see
// the same.
#include <algorithm>
#include <catch2/catch.hpp>

#include "end_to_end/both_daemons.hpp"
#include "end_to_end/capture.hpp"
#include "end_to_end/masked.hpp"
#include "end_to_end/shown.hpp"
#include "end_to_end/viewer.hpp"

namespace dlt::test {
namespace {

constexpr std::size_t everything = BothDaemons::messages_of_each_kind;

// The answers to what the viewer asks for, all at once, when it has connected; not what is told unasked, of contexts
// that come and go. The text of get_software_version says who the daemon is.
Messages answers(const Side& side) {
  const Messages told = with(stored_frames(side.text("viewer.dlt")), " response ");
  Messages out;
  bool asked = false;
  for (const auto& frame : told) {
    const bool version = frame.find(" response 19 ") != std::string::npos;
    asked |= version;
    if (asked) out.push_back(version ? "version" : frame);
    if (asked && frame.find(" response 3 ") != std::string::npos) break;  // the last one
  }
  return out;
}

// What Wireshark has to say of DLT messages.
Messages complaints(const Capture& capture) {
  return with(lines(capture.dissect({"-q", "-z", "expert"}).out), " DLT ");
}

// Without what is of the daemons' own: notices (DA1) and the incumbent's log (DLTD).
Capture::Values of_applications(Capture::Values values) {
  std::erase_if(values, [](const std::string& v) {
    return v == "DA1" || v == "DC1" || v == "DLTD" || v == "INTM" || v.starts_with("Daemon launched") ||
           v.starts_with("New client connection") || v.starts_with("Client connection") ||
           v.starts_with("ApplicationID '") || v.starts_with("Unregistered ApID");
  });
  return values;
}

}  // namespace

TEST_CASE("dlt-viewer gets the same answers and messages of both daemons, live") {
  const BothDaemons both;
  std::vector<std::unique_ptr<Child>> applications;
  std::vector<std::unique_ptr<Viewer>> viewers;
  for (const Side* side : both.sides()) {
    // Registers, logs once, sleeps.
    applications.push_back(std::make_unique<Child>(
        side->setup({examples + "dlt-example-user", "-n", "2", "-d", "600000", "-A", "IDLE", "idle"}, "idle")));
    REQUIRE(side->shows("idle", "Send 0 idle"));
    viewers.push_back(std::make_unique<Viewer>(*side));
    REQUIRE(eventually([&] { return answers(*side).size() == 6; }));
  }
  both.log_each_kind();
  for (const Side* side : both.sides()) REQUIRE(side->shows("viewer.dlt", "END"));

  const Messages ours = stored_frames(both.ours.text("viewer.dlt"));
  const Messages theirs = stored_frames(both.incumbent.text("viewer.dlt"));
  CHECK(answers(both.ours) == answers(both.incumbent));
  const auto logged = [](const Messages& frames) {
    return without(without(frames, " response "), " APP CON ");  // the viewer stores its own requests
  };
  CHECK(logged(ours).size() == everything + 1);
  CHECK(logged(ours) == logged(theirs));
}

TEST_CASE("python-dlt, connected, decodes the same of both daemons") {
  const BothDaemons both;
  std::vector<std::unique_ptr<Child>> clients;
  for (const Side* side : both.sides()) {
    clients.push_back(std::make_unique<Child>(side->setup(
        {"/usr/bin/python3", DLT_TEST_DATA "/end_to_end/show_with_python_dlt.py", "live", side->port_text()}, "py")));
    REQUIRE(side->shows("py", "connected"));
  }
  both.log_each_kind();
  for (const auto& client : clients) CHECK(client->wait() == 0);

  CHECK(lines(both.ours.text("py")).size() == everything + 1);
  CHECK(both.ours.text("py") == both.incumbent.text("py"));
}

TEST_CASE(
    "Wireshark dissects the same on the network of both daemons, and complains of neither more than of the other") {
  const BothDaemons both;
  std::vector<std::unique_ptr<Capture>> captures;
  std::vector<std::unique_ptr<Child>> clients;
  for (const Side* side : both.sides()) {
    captures.push_back(std::make_unique<Capture>(side->dir(), side->port_text()));
    clients.push_back(std::make_unique<Child>(side->client_setup({"dlt-receive", "-a"}, "rx.txt")));
    REQUIRE(side->shows("rx.txt", " DA1- DC1- "));
  }
  both.log_each_kind();
  for (std::size_t i = 0; i < 2; ++i) {
    REQUIRE(both.sides()[i]->shows("rx.txt", "[END"));
    REQUIRE(eventually([&] { return captures[i]->contains("END"); }));
    captures[i]->end();
  }
  const std::vector<std::string> names{"dlt.application_id", "dlt.context_id", "dlt.data.string", "dlt.data.rawd"};
  const auto ours = captures[0]->fields(names);
  const auto theirs = captures[1]->fields(names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    INFO(names[i]);
    CHECK_FALSE(of_applications(ours[i]).empty());
    CHECK(of_applications(ours[i]) == of_applications(theirs[i]));
  }
  CHECK(of_applications(ours[0]).size() == everything);
  // It does not decode arguments with a name, such as dlt-example-user's numbers.
  CHECK(complaints(*captures[0]).size() == 1);
  CHECK(complaints(*captures[0]) == complaints(*captures[1]));
}

}  // namespace dlt::test
