// The programs of others that read files make the same of what our daemon stored, and of what was stored from it, as of
// what the incumbent's did.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>

#include "dlt/proto/header.hpp"
#include "end_to_end/both_daemons.hpp"
#include "end_to_end/masked.hpp"
#include "end_to_end/shown.hpp"
#include "end_to_end/viewer.hpp"

namespace dlt::test {
namespace {

constexpr std::size_t everything = BothDaemons::messages_of_each_kind;

// The same programs have logged into both daemons, dlt-receive and the daemons have stored it, the daemons have ended.
struct Stored {
  BothDaemons both{Side::Settings{{"OfflineTraceDirectory", "./logs"}}};

  Stored() {
    std::vector<std::unique_ptr<Child>> clients;
    for (const Side* side : both.sides()) {
      clients.push_back(
          std::make_unique<Child>(side->client_setup({"dlt-receive", "-a", "-o", *side / "rx.dlt"}, "rx.txt")));
      write_file(*side / "filter", "LOG TEST\nLONG NAME\nSINA LINE\n");
    }
    both.log_each_kind();
    for (const Side* side : both.sides()) {
      const bool all = side->shows("rx.txt", "[END");
      const auto seen = side->text("rx.txt");
      INFO(side->name() << " has sent, at the end: "
                        << seen.substr(seen.size() - std::min<std::size_t>(seen.size(), 1000)));
      REQUIRE(all);
    }
    for (const auto& client : clients) REQUIRE(client->stop());
    both.ours.stop();
    both.incumbent.stop();
  }

  // What the daemon has stored itself.
  [[nodiscard]] static std::string file_of(const Side& side) {
    for (const auto& e : std::filesystem::directory_iterator(side / "logs"))
      if (e.path().extension() == ".dlt") return e.path();
    return {};
  }
};

// dlt-convert with its output in a file of the daemon's folder.
std::string converted(const Side& side, const std::string& file, std::vector<std::string> options,
                      const std::string& output) {
  options.insert(options.begin(), "dlt-convert");
  options.insert(options.end(), {"-o", side / output, file});
  CHECK(run(options).code == 0);
  return side / output;
}

Messages printed(const std::string& form, const std::string& file) {
  const Outcome done = run({"dlt-convert", form, file});
  CHECK(done.code == 0);
  return without(shown_messages(done.out), " control ");
}

std::vector<std::uint32_t> time_stamps(const std::string& file) {
  std::vector<std::uint32_t> out;
  const std::string bytes = read_file(file);
  for (std::string_view rest = bytes; rest.size() > proto::storage_header_size;) {
    rest.remove_prefix(proto::storage_header_size);
    proto::ByteReader in(proto::as_bytes(rest));
    const auto header = proto::StandardHeader::decode(in);
    if (!header || header->length > rest.size()) break;
    out.push_back(header->timestamp);
    rest.remove_prefix(header->length);
  }
  return out;
}

Messages sorted(Messages all) {
  std::sort(all.begin(), all.end());
  return all;
}

// Cuts a file, joins the pieces in the wrong order, has dlt-sortbytimestamp mend that. Frames, in the order of the
// clock's ticks, several of which may bear the same: their order is the sorter's.
std::vector<Messages> cut_joined_sorted(const Side& side, const std::string& file) {
  const auto only = converted(side, file, {"-f", side / "filter"}, "only.dlt");
  const auto head = converted(side, only, {"-b", "0", "-e", "299"}, "head.dlt");
  const auto tail = converted(side, only, {"-b", "300"}, "tail.dlt");
  const auto cut = converted(side, only, {"-b", "3", "-e", "5"}, "cut.dlt");
  const auto joined = converted(side, tail, {head}, "joined.dlt");
  const std::string ordered = side / "sorted.dlt";
  CHECK(run({"dlt-sortbytimestamp", joined, ordered}).code == 0);
  const auto stamps = time_stamps(ordered);
  CHECK(stamps.size() == everything);
  CHECK(std::is_sorted(stamps.begin(), stamps.end()));
  CHECK_THAT(run({"dlt-convert", "-c", only}).out, Catch::Contains(std::to_string(everything)));
  return {stored_frames(read_file(only)), stored_frames(read_file(cut)), stored_frames(read_file(joined)),
          sorted(stored_frames(read_file(ordered)))};
}

}  // namespace

TEST_CASE("dlt-convert, dlt-sortbytimestamp and python-dlt read the same from files of both daemons") {
  const Stored s;
  const Side& ours = s.both.ours;
  const Side& theirs = s.both.incumbent;
  const std::vector<std::pair<std::string, std::string>> pairs{{Stored::file_of(ours), Stored::file_of(theirs)},
                                                               {ours / "rx.dlt", theirs / "rx.dlt"}};
  for (const auto& [our_file, their_file] : pairs) {
    INFO(our_file << " and " << their_file);
    for (const char* form : {"-a", "-x", "-m", "-s"}) {
      INFO("dlt-convert " << form);
      const Messages shown = printed(form, our_file);
      CHECK(shown.size() == everything);
      CHECK(shown == printed(form, their_file));
    }
    const auto pieces = cut_joined_sorted(ours, our_file);
    CHECK(pieces[0].size() == everything);
    CHECK(pieces[1].size() == 3);
    CHECK(pieces[2].size() == everything);
    CHECK(pieces == cut_joined_sorted(theirs, their_file));

    const auto python = [](const std::string& file) {
      return run({"/usr/bin/python3", DLT_TEST_DATA "/end_to_end/show_with_python_dlt.py", "file", file}).out;
    };
    const std::string seen = python(our_file);
    CHECK(lines(seen).size() == everything);
    CHECK(seen == python(their_file));
  }
  // What the daemons store themselves: both the messages of applications; the incumbent beside them what it tells
  // clients, and its own log.
  const Messages our_frames = stored_frames(read_file(pairs[0].first));
  CHECK(our_frames.size() == everything);
  CHECK(our_frames == without(stored_frames(read_file(pairs[0].second)), " response "));
}

TEST_CASE("dlt-viewer makes the same text and the same table from files of both daemons") {
  const Stored s;
  for (const std::string kind : {"txt", "csv"}) {
    INFO(kind);
    const auto exported = [&](const Side& side) {
      return Viewer::exported(side, converted(side, Stored::file_of(side), {"-f", side / "filter"}, "only.dlt"), kind);
    };
    const auto ours = exported(s.both.ours);
    CHECK(ours.size() == everything + (kind == "csv" ? 1 : 0));
    CHECK(ours == exported(s.both.incumbent));
  }
}

}  // namespace dlt::test
