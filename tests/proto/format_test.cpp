// The examples of proto/FORMAT.md are what the code reads and writes: each one decodes to the kind that its heading
// names and encodes to the same bytes, and no kind of message is without an example.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "dlt/proto/arena.hpp"
#include "dlt/proto/argument.hpp"
#include "dlt/proto/control.hpp"
#include "dlt/proto/framer.hpp"
#include "dlt/proto/local.hpp"
#include "dlt/proto/message.hpp"
#include "dlt/proto/recorder.hpp"
#include "support/golden.hpp"

using namespace dlt;
using namespace dlt::proto;
using dlt::test::from_hex;
using dlt::test::to_hex;

namespace {

using Buffer = std::vector<std::byte>;

struct Example {
  std::string kind;  // which decoder
  std::string name;  // what it is
  Buffer bytes;
};

// "00*5" stands for five bytes, '|' for nothing, '#' ends the line.
Buffer bytes_of(const std::string& line) {
  Buffer bytes;
  std::istringstream words(line.substr(0, line.find('#')));
  for (std::string word; words >> word;) {
    if (word == "|") continue;
    const auto star = word.find('*');
    const auto byte = from_hex(word.substr(0, star));
    REQUIRE(byte.size() == 1);
    bytes.insert(bytes.end(), star == std::string::npos ? 1 : std::stoul(word.substr(star + 1)), byte[0]);
  }
  return bytes;
}

std::vector<Example> examples() {
  std::ifstream in(std::string(DLT_TEST_DATA) + "/../proto/FORMAT.md");
  REQUIRE(in);
  std::vector<Example> all;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```hex ")) {
      std::istringstream words(line.substr(7));
      Example e;
      words >> e.kind >> e.name;
      all.push_back(e);
      inside = true;
    } else if (line.starts_with("```")) {
      inside = false;
    } else if (inside) {
      const auto bytes = bytes_of(line);
      all.back().bytes.insert(all.back().bytes.end(), bytes.begin(), bytes.end());
    }
  }
  return all;
}

// Examples of one kind; `check` gets each of them.
template <class Check>
void for_each(const std::string& kind, Check check) {
  int n = 0;
  for (const auto& e : examples()) {
    if (e.kind != kind) continue;
    INFO(kind << " " << e.name << ": " << to_hex(e.bytes));
    check(e);
    ++n;
  }
  CHECK(n > 0);
}

template <class Encode>
Buffer encoded(Encode encode) {
  Buffer bytes(4096);
  ByteWriter out(bytes);
  encode(out);
  REQUIRE(out.ok());
  bytes.resize(out.size());
  return bytes;
}

constexpr std::array<std::string_view, 11> argument_names{"bool", "sint", "uint",       "float", "double", "wide",
                                                          "text", "raw",  "trace_info", "array", "struct"};
constexpr std::array<std::string_view, 24> local_names{"log",
                                                       "register_application",
                                                       "unregister_application",
                                                       "register_context",
                                                       "unregister_context",
                                                       "log_level",
                                                       "injection",
                                                       "overflow",
                                                       "application_limits",
                                                       "log_mode",
                                                       "log_state",
                                                       "marker",
                                                       "trace_load",
                                                       "hello",
                                                       "batch",
                                                       "memfd",
                                                       "loss",
                                                       "statistics",
                                                       "overflow_mode",
                                                       "bye",
                                                       "ack",
                                                       "recorder",
                                                       "snapshot_request",
                                                       "snapshot_answer"};
static_assert(argument_names.size() == std::variant_size_v<Argument::Value>);
static_assert(local_names.size() == std::variant_size_v<local::Message>);

}  // namespace

TEST_CASE("FORMAT.md: every example is of a kind that is checked") {
  const std::set<std::string> kinds{"storage",  "frame", "stream", "argument", "request",
                                    "response", "local", "arena",  "recorder"};
  for (const auto& e : examples()) {
    INFO(e.kind << " " << e.name);
    CHECK(kinds.count(e.kind) == 1);
    CHECK_FALSE(e.bytes.empty());
  }
}

TEST_CASE("FORMAT.md: storage headers") {
  for_each("storage", [](const Example& e) {
    ByteReader in(e.bytes);
    const auto header = StorageHeader::decode(in);
    REQUIRE(header);
    CHECK(in.remaining() == 0);
    CHECK(encoded([&](ByteWriter& out) { header->encode(out); }) == e.bytes);
  });
}

TEST_CASE("FORMAT.md: frames") {
  for_each("frame", [](const Example& e) {
    const auto m = MessageView::parse(e.bytes);
    REQUIRE(m);
    CHECK(m->frame().size() == e.bytes.size());
    CHECK(m->is_control_request() == (e.name == "control_request"));
    CHECK(m->is_control_response() == (e.name == "control_response"));
    CHECK(m->verbose() == (e.name == "verbose"));
    Arguments arguments = m->arguments();
    while (arguments.more()) CHECK(arguments.next());
    CHECK((arguments.rest().empty() || !m->verbose()));
    CHECK(encoded([&](ByteWriter& out) {
            m->standard().encode(out);
            if (m->has_extended()) m->extended().encode(out);
            out.bytes(m->payload());
          }) == e.bytes);
  });
}

TEST_CASE("FORMAT.md: streams") {
  for_each("stream", [](const Example& e) {
    Framer framer;
    framer.feed(e.bytes);
    CHECK(framer.next());
    CHECK_FALSE(framer.next());
    CHECK(framer.skipped_bytes() + framer.pending() == 0);
  });
}

TEST_CASE("FORMAT.md: arguments of every type") {
  std::set<std::size_t> seen;
  for_each("argument", [&](const Example& e) {
    ByteReader in(e.bytes);
    const auto a = decode_argument(in, std::endian::little);
    REQUIRE(a);
    CHECK(in.remaining() == 0);
    CHECK(argument_names.at(a->value.index()) == e.name);
    CHECK(encoded([&](ByteWriter& out) { encode_argument(out, *a, std::endian::little); }) == e.bytes);
    seen.insert(a->value.index());
  });
  CHECK(seen.size() == argument_names.size());
}

TEST_CASE("FORMAT.md: control requests of every kind") {
  std::set<std::size_t> seen;
  for_each("request", [&](const Example& e) {
    const auto request = control::decode_request(e.bytes);
    REQUIRE(request);
    CHECK(control::name(control::service_of(*request)) == e.name);
    CHECK(encoded([&](ByteWriter& out) { control::encode(out, *request); }) == e.bytes);
    seen.insert(request->index());
  });
  CHECK(seen.size() == std::variant_size_v<control::Request>);
}

TEST_CASE("FORMAT.md: control responses of every kind") {
  std::set<std::size_t> seen;
  for_each("response", [&](const Example& e) {
    const auto response = control::decode_response(e.bytes);
    REQUIRE(response);
    CHECK(control::name(control::service_of(*response)) == e.name);
    CHECK(encoded([&](ByteWriter& out) { control::encode(out, *response); }) == e.bytes);
    seen.insert(response->index());
  });
  CHECK(seen.size() == std::variant_size_v<control::Response>);
}

TEST_CASE("FORMAT.md: local messages of every kind") {
  std::set<std::size_t> seen;
  for_each("local", [&](const Example& e) {
    std::size_t used = 0;
    const auto message = local::decode(e.bytes, used);
    REQUIRE(message);
    CHECK(local_names.at(message->index()) == e.name);
    auto bytes = encoded([&](ByteWriter& out) { local::encode(out, *message); });
    Bytes rest = Bytes(e.bytes).subspan(used);
    if (std::holds_alternative<local::Batch>(*message)) {  // its frames follow
      while (const auto n = whole_frame(rest)) {
        bytes.insert(bytes.end(), rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(n));
        rest = rest.subspan(n);
      }
    }
    CHECK(rest.empty());
    CHECK(bytes == e.bytes);
    seen.insert(message->index());
  });
  CHECK(seen.size() == local_names.size());
}

// The library writes these in place; so the examples are read, and what they mean is checked field by field.
TEST_CASE("FORMAT.md: the memory that an application shares") {
  std::set<std::string> seen;
  for_each("arena", [&](const Example& e) {
    seen.insert(e.name);
    if (e.name == "header") {
      const auto h = arena::decode_header(e.bytes);
      CHECK(h.magic);
      CHECK(h.version == arena::version);
      CHECK(h.pid == 999116);
      CHECK(h.granule == arena::granule);
      CHECK(h.slots == arena::slots_for(1 << 20));
      CHECK(h.slots_at == arena::slots_at);
      CHECK(h.first_chunk == arena::first_chunk_for(1 << 20));
      CHECK(h.used == h.first_chunk + arena::granule);
    } else if (e.name == "carry") {
      const auto c = arena::decode_carry(e.bytes);
      CHECK((c.length == 78 && c.done == 0 && c.slot == 1 && c.chunk == 7 && c.offset == 32));
    } else if (e.name == "buffer") {
      const auto b = arena::decode_buffer(e.bytes);
      CHECK(e.bytes.size() == arena::buffer_size);
      CHECK((b.told[0] == 2 && b.told[6] == 0 && b.mode == 1));
    } else if (e.name == "slot") {
      const auto s = arena::decode_slot(e.bytes);
      CHECK((s.used == 1 && s.buffer == 2 && s.high_water == 300 && s.at_exit == 0));
      CHECK((s.sealed.number == 3 && s.sealed.frames == 300 && s.sealed.bytes == 36'000));
    } else {
      CHECK(e.name == "chunk");
      const auto c = arena::decode_chunk(e.bytes);
      CHECK((c.bytes == 4000 && c.frames == 100 && c.number == 4 && c.slot == 1 && c.size == arena::granule));
      CHECK((c.sent == 0 && c.sent_frames == 0 && c.state == arena::Chunk::idle));
    }
  });
  CHECK(seen.size() == 5);
}

TEST_CASE("FORMAT.md: the flight recorder") {
  std::set<std::string> seen;
  for_each("recorder", [&](const Example& e) {
    seen.insert(e.name);
    if (e.name == "header") {
      const auto h = recorder::decode_header(e.bytes);
      CHECK((h.magic && h.version == recorder::version && h.pid == 999116 && h.segment_size == 32768));
      CHECK((h.segments == 9 && h.rings == 16 && h.used == 2 && h.most_messages == 1000 && h.missed == 1));
      CHECK(h.app == AppId("GOLD"));
    } else {
      CHECK(e.name == "segment");
      const auto s = recorder::decode_segment(e.bytes);
      CHECK((s.bytes == 4000 && s.frames == 100 && s.number == 4 && s.buffer == 2));
    }
  });
  CHECK(seen.size() == 2);
}
