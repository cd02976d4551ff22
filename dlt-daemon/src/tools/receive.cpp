// `dlt-daemon receive`: a client that prints or stores what a daemon sends.
#include <chrono>
#include <cstdio>
#include <optional>
#include <vector>

#include <unistd.h>

#include "dlt/proto/control.hpp"
#include "dlt/proto/framer.hpp"
#include "tools/connection.hpp"
#include "tools/output.hpp"
#include "tools/receive_options.hpp"
#include "tools/tools.hpp"

namespace dlt::tools {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds connect_limit{10'000};
constexpr milliseconds store_within{1000};  // a message is in the file so long after it came

void say(const std::string& what) { std::fprintf(stderr, "dlt-daemon receive: %s\n", what.c_str()); }

proto::StorageHeader received_now() {
  using namespace std::chrono;
  const auto us = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  return {static_cast<std::uint32_t>(us / 1'000'000), static_cast<std::int32_t>(us % 1'000'000), {}};
}

class Receive {
 public:
  explicit Receive(ReceiveOptions options)
      : options_(std::move(options)),
        renderer_(options_.format.value_or(Format::text), look_of_stdout()),
        out_(STDOUT_FILENO, stop_),
        bytes_(256 * 1024) {}

  int run();

 private:
  void ask_for_less(Connection& connection) const;
  void read_connection(Connection& connection);
  void take(proto::Bytes bytes, proto::Framer& framer);
  void take_frame(proto::Bytes frame, proto::StorageHeader storage);
  void store(proto::Bytes frame, const proto::StorageHeader& storage);
  void flush_file();
  void show_progress();
  [[nodiscard]] bool over() const { return stop_.asked() || out_.over() || failed_ || taken_ == options_.count; }
  void fail(const std::string& what) { say(what), failed_ = true; }
  [[nodiscard]] int finish();

  Stop stop_;
  ReceiveOptions options_;
  Renderer renderer_;
  Output out_;
  std::optional<DltFile> file_;
  std::vector<std::byte> bytes_;
  std::uint64_t taken_ = 0;
  bool failed_ = false;
  steady_clock::time_point stored_ = steady_clock::now();
  const bool progress_ = !options_.format && ::isatty(STDERR_FILENO) == 1;
};

void Receive::store(proto::Bytes frame, const proto::StorageHeader& storage) {
  std::byte header[proto::storage_header_size];
  proto::ByteWriter writer(header);
  storage.encode(writer);
  if (!file_) {
    (out_.buffer() += proto::as_text(writer.written())) += proto::as_text(frame);
    return;
  }
  if (!file_->pending()) stored_ = steady_clock::now();
  if (const auto error = file_->add(header, frame))
    fail("cannot write " + options_.output.path + ": " + error.message());
}

void Receive::take_frame(proto::Bytes frame, proto::StorageHeader storage) {
  const auto message = proto::MessageView::parse(frame);
  if (!message || !options_.selection.wants(*message)) return;
  ++taken_;
  const bool named = (message->standard().htyp & proto::htyp::with_ecu) != 0;
  storage.ecu = named ? message->standard().ecu : options_.ecu;
  if (options_.format) renderer_.append(out_.buffer(), {*message, storage}, std::nullopt);
  if (file_ || options_.to_stdout()) store(frame, storage);
  out_.advance();
}

void Receive::take(proto::Bytes bytes, proto::Framer& framer) {
  const std::uint64_t skipped_before = framer.skipped_bytes();
  const proto::StorageHeader now = received_now();
  framer.feed(bytes);
  while (!over()) {
    const auto frame = framer.next();
    if (!frame) break;
    take_frame(frame->bytes, now);
  }
  out_.flush();
  if (framer.skipped_bytes() > skipped_before)
    say("skipped " + std::to_string(framer.skipped_bytes() - skipped_before) + " bytes that are no message");
}

void Receive::flush_file() {
  if (!file_ || failed_ || !file_->pending()) return;
  if (const auto error = file_->flush()) fail("cannot write " + options_.output.path + ": " + error.message());
}

void Receive::show_progress() {
  if (progress_) std::fprintf(stderr, "\r%llu messages", static_cast<unsigned long long>(taken_));
}

// A daemon that knows no filters says so, which changes nothing: what comes is looked at here as well.
void Receive::ask_for_less(Connection& connection) const {
  const std::string rules = options_.selection.rules();
  if (rules.empty()) return;
  const auto request = proto::control::frame(proto::control::SetClientFilter{rules}, {});
  if (request) static_cast<void>(connection.send(*request, connect_limit));  // what is wrong, reading tells
}

void Receive::read_connection(Connection& connection) {
  ask_for_less(connection);
  proto::Framer framer;
  while (!over()) {
    const auto n = connection.receive(bytes_, file_ ? store_within : milliseconds(-1));
    if (n && *n == 0) break;
    if (n) take(proto::Bytes(bytes_).first(*n), framer);
    else if (n.error() != make_error_code(Errc::timed_out)) return say("connection lost: " + n.error().message());
    if (steady_clock::now() - stored_ < store_within) continue;
    flush_file();
    stored_ = steady_clock::now();
    show_progress();
  }
  if (!over()) say(options_.address.text() + " has closed the connection");
}

int Receive::finish() {
  flush_file();
  if (progress_) std::fputc('\n', stderr);
  if (out_.error()) say("cannot write to stdout: " + out_.error().message());
  if (file_ && (options_.verbose || failed_))
    say(options_.output.path + ": " + std::to_string(file_->messages()) + " messages stored" +
        (file_->lost() > 0 ? ", " + std::to_string(file_->lost()) + " not" : ""));
  return failed_ || out_.error() ? 1 : 0;
}

int Receive::run() {
  if (!options_.output.path.empty() && !options_.to_stdout()) {
    auto file = DltFile::open(options_.output);
    if (!file) return say("cannot write " + options_.output.path + ": " + file.error().message()), 1;
    file_.emplace(*std::move(file));
  }
  if (options_.format) renderer_.begin(out_.buffer());
  out_.flush();
  std::string told;
  while (!over()) {
    std::string problem;
    auto connection = Connection::open(options_.address, connect_limit, stop_, problem);
    if (connection) {
      told.clear();
      if (options_.verbose) say("connected to " + options_.address.text());
      read_connection(*connection);
      flush_file();
    } else if (!problem.empty() && problem != told) {
      say(problem + (options_.reconnect ? "; trying again" : ""));
      told = problem;
    }
    if (over()) break;
    if (!options_.reconnect) return failed_ = true, finish();
    static_cast<void>(stop_.wait_for(-1, 0, static_cast<int>(options_.reconnect->count())));
  }
  return finish();
}

}  // namespace

int receive(int argc, const char* const* argv) {
  ReceiveOptions options = parse_receive(argc, argv);
  if (options.early) return options.early->tell();
  return Receive(std::move(options)).run();
}

}  // namespace dlt::tools
