// `dlt-daemon cat`: stored files in, text or a stored file out.
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <optional>

#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cat_options.hpp"
#include "tools/dlt_file.hpp"
#include "tools/merged_reader.hpp"
#include "tools/output.hpp"
#include "tools/record_reader.hpp"
#include "tools/tools.hpp"

namespace dlt::tools {

namespace {

std::int64_t now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

void say(const std::string& what) { std::fprintf(stderr, "dlt-daemon cat: %s\n", what.c_str()); }

class Cat {
 public:
  explicit Cat(CatOptions options)
      : options_(std::move(options)),
        renderer_(options_.format.value_or(Format::text), look_of_stdout()),
        out_(STDOUT_FILENO, stop_) {}

  int run();

 private:
  struct Counts {
    std::uint64_t total = 0;
    std::uint64_t selected = 0;
  };

  [[nodiscard]] bool open_output();
  [[nodiscard]] std::optional<RecordReader> open(const std::string& path);
  void read_one(const std::string& path);
  void read_merged();
  template <class Reader>
  void read_all(Reader& reader);
  [[nodiscard]] bool take(const Record& record);
  void follow(RecordReader& reader);
  void finish_file(const std::string& name);
  void skipped(const std::string& name, std::uint64_t offset, std::uint64_t bytes, std::string_view why, bool unpacked);
  [[nodiscard]] bool over() const { return stop_.asked() || out_.over() || failed_; }
  void fail(const std::string& what) { say(what), failed_ = true; }
  void flush();
  [[nodiscard]] int finish();

  Stop stop_;
  CatOptions options_;
  Renderer renderer_;
  Output out_;
  std::optional<DltFile> file_;
  Counts counts_;
  std::uint64_t all_messages_ = 0;
  bool any_skipped_ = false;
  bool any_unreadable_ = false;
  bool failed_ = false;  // the output
};

// A file that is read cannot be replaced.
bool is_input(const std::string& output, const std::vector<std::string>& inputs) {
  struct stat out {};
  if (::stat(output.c_str(), &out) != 0) return false;
  for (const auto& path : inputs) {
    struct stat in {};
    if (path != "-" && ::stat(path.c_str(), &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
      return true;
  }
  return false;
}

bool Cat::open_output() {
  if (options_.output.empty() || options_.output == "-") return true;
  if (is_input(options_.output, options_.files)) return fail(options_.output + " is read, it cannot be written"), false;
  auto file = DltFile::open({options_.output});
  if (!file) return fail("cannot write " + options_.output + ": " + file.error().message()), false;
  file_.emplace(*std::move(file));
  return true;
}

void Cat::skipped(const std::string& name, std::uint64_t offset, std::uint64_t bytes, std::string_view why,
                  bool unpacked) {
  if (stop_.asked()) return;  // reading has been broken off, nothing is damaged
  any_skipped_ = true;
  out_.flush();  // in the order in which things happened
  say(name + ": skipped " + std::to_string(bytes) + " bytes at offset " + std::to_string(offset) +
      (unpacked ? " of what it unpacks to" : "") + " (" + std::string(why) + ")");
}

std::optional<RecordReader> Cat::open(const std::string& path) {
  auto file = InputFile::open(path, stop_);
  if (!file) {
    say("cannot read " + path + ": " + file.error().message());
    any_unreadable_ = true;
    return std::nullopt;
  }
  const std::string name = file->name();
  auto source = make_source(*std::move(file), [this, name](std::uint64_t offset, std::uint64_t bytes, auto why) {
    skipped(name, offset, bytes, why, false);
  });
  const bool packed = source->packed();
  return RecordReader(
      std::move(source),
      [this, name, packed](std::uint64_t offset, std::uint64_t bytes, auto why) {
        skipped(name, offset, bytes, why, packed);
      },
      options_.follow && path != "-");
}

// False: no more of this file is wanted.
bool Cat::take(const Record& record) {
  ++counts_.total;
  ++all_messages_;
  const auto message = proto::MessageView::parse(record.frame());
  if (!message) return true;
  if (options_.since_us || options_.until_us) {
    const std::int64_t time = record.time_us();
    if (time < options_.since_us.value_or(time) || time > options_.until_us.value_or(time)) return true;
  }
  if (!options_.selection.wants(*message)) return true;
  const std::uint64_t index = counts_.selected++;
  if (index < options_.first) return true;
  if (index > options_.last) return options_.count;
  if (options_.format) {
    const proto::StorageHeader storage = record.storage();
    renderer_.append(out_.buffer(), {*message, storage}, index);
  } else if (options_.output == "-") {
    out_.buffer() += proto::as_text(record.bytes);
  }
  if (file_)
    if (const auto error = file_->add(record.bytes.first(proto::storage_header_size), record.frame()))
      fail("cannot write " + options_.output + ": " + error.message());
  return out_.advance();
}

template <class Reader>
void Cat::read_all(Reader& reader) {
  while (!over()) {
    const auto record = reader.next();
    if (!record || !take(*record)) return;
  }
}

void Cat::flush() {
  out_.flush();
  if (!file_ || failed_) return;
  if (const auto error = file_->flush()) fail("cannot write " + options_.output + ": " + error.message());
}

// Reads on whenever the file has been written to.
void Cat::follow(RecordReader& reader) {
  constexpr int look_again_ms = 1000;  // where the file system does not tell
  const daemon::Fd changes(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (changes) ::inotify_add_watch(changes.get(), reader.file().name().c_str(), IN_MODIFY);
  for (;;) {
    read_all(reader);
    flush();
    if (over() || counts_.selected > options_.last || reader.file().error()) return;
    static_cast<void>(stop_.wait_for(changes.get(), POLLIN, look_again_ms));
    char told[4096];
    while (changes && ::read(changes.get(), told, sizeof told) > 0) continue;
  }
}

void Cat::finish_file(const std::string& name) {
  if (options_.count && !over()) {
    out_.buffer() += "Total number of messages: " + std::to_string(counts_.total) + "\n";
    if (counts_.selected != counts_.total || !options_.selection.empty())
      out_.buffer() += "Filtered number of messages: " + std::to_string(counts_.selected) + "\n";
  }
  out_.flush();
  if (options_.verbose)
    say(name + ": " + std::to_string(counts_.total) + " messages, " + std::to_string(counts_.selected) + " selected");
}

void Cat::read_one(const std::string& path) {
  counts_ = {};
  const bool skipped_before = std::exchange(any_skipped_, false);
  auto reader = open(path);
  if (!reader) return;
  if (options_.follow && path != "-") follow(*reader);
  else read_all(*reader);
  if (const auto error = reader->file().error()) {
    say("cannot read " + path + ": " + error.message());
    any_unreadable_ = true;
  } else if (counts_.total == 0 && any_skipped_) {
    say(reader->file().name() + ": no message in it");
    any_unreadable_ = true;
  }
  any_skipped_ |= skipped_before;
  finish_file(reader->file().name());
}

void Cat::read_merged() {
  std::vector<RecordReader> readers;
  for (const auto& path : options_.files)
    if (auto reader = open(path)) readers.push_back(*std::move(reader));
  MergedReader merged(std::move(readers));
  read_all(merged);
  for (const auto& reader : merged.readers())
    if (const auto error = reader.file().error()) {
      say("cannot read " + reader.file().name() + ": " + error.message());
      any_unreadable_ = true;
    }
  if (counts_.total == 0 && any_skipped_) any_unreadable_ = true;
  finish_file("all");
}

int Cat::finish() {
  flush();
  if (out_.error()) say("cannot write to stdout: " + out_.error().message());
  if (file_ && (options_.verbose || failed_))
    say(options_.output + ": " + std::to_string(file_->messages()) + " messages stored" +
        (file_->lost() > 0 ? ", " + std::to_string(file_->lost()) + " not" : ""));
  if (stop_.asked() && !options_.follow) say("interrupted");
  const bool bad = failed_ || out_.error() || any_unreadable_ || (options_.strict && any_skipped_) ||
                   (stop_.asked() && !options_.follow);
  return bad ? 1 : 0;
}

int Cat::run() {
  if (!open_output()) return 1;
  if (options_.format) renderer_.begin(out_.buffer());
  if (options_.merge) {
    read_merged();
  } else {
    for (const auto& path : options_.files)
      if (!over()) read_one(path);
  }
  return finish();
}

}  // namespace

int cat(int argc, const char* const* argv) {
  CatOptions options = parse_cat(argc, argv, now_us());
  if (options.early) return options.early->tell();
  return Cat(std::move(options)).run();
}

}  // namespace dlt::tools
