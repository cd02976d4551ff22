// The program under test as a process, the incumbent's daemon beside it, and files of messages, for tests of tools. The
// test's main thread only.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "dlt-daemon/support/peers.hpp"
#include "dlt-daemon/support/program.hpp"
#include "dlt/proto/argument.hpp"
#include "support/child.hpp"
#include "support/loopback.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

// Runs to the end, stdout and stderr apart.
inline Ran run_apart(const std::vector<std::string>& command,
                     const std::map<std::string, std::string>& environment = {}) {
  const TempDir dir;
  Child child({.command = command, .environment = environment, .out = dir / "out", .err = dir / "err"});
  const auto code = child.wait();
  return {code.value_or(-1), read_file(dir / "out"), read_file(dir / "err")};
}

inline Ran tool(std::vector<std::string> words, const std::map<std::string, std::string>& environment = {}) {
  words.insert(words.begin(), program());
  return run_apart(words, environment);
}

// A frame of an info message with these arguments.
inline std::string log_frame(std::initializer_list<proto::Argument> arguments, Level level = Level::info,
                             AppId app = "APP1", ContextId context = "CTX1") {
  std::vector<std::byte> bytes(8192);
  proto::ByteWriter body{std::span(bytes).subspan(frame_headers)};
  for (const auto& a : arguments) proto::encode_argument(body, a, std::endian::little);
  proto::StandardHeader standard;
  standard.ecu = "ECU1";
  standard.session = 42;
  standard.timestamp = 123'456;
  standard.length = static_cast<std::uint16_t>(frame_headers + body.size());
  proto::ByteWriter out(bytes);
  standard.encode(out);
  const auto msin = proto::msin::make(proto::MessageType::log, static_cast<std::uint8_t>(level), true);
  proto::ExtendedHeader{msin, static_cast<std::uint8_t>(arguments.size()), app, context}.encode(out);
  return std::string(proto::as_text(proto::Bytes(bytes).first(standard.length)));
}

inline std::string stored(const std::string& f, std::uint32_t seconds = 1'700'000'000) {
  std::vector<std::byte> header(proto::storage_header_size);
  proto::ByteWriter out(header);
  proto::StorageHeader{seconds, 5, "ECU1"}.encode(out);
  return std::string(proto::as_text(header)) + f;
}

// Messages of each kind, of two applications, a second apart.
inline std::string sample(std::uint32_t from = 1'700'000'000) {
  const std::byte raw[] = {std::byte{1}, std::byte{0xff}, std::byte{'x'}};
  std::string out;
  for (std::uint32_t i = 0; i < 12; ++i)
    out += stored(log_frame({proto::argument("message"), proto::argument(i)}, static_cast<Level>(1 + i % 6),
                            i % 3 == 0 ? "NAVI" : "MEDI", i % 2 == 0 ? "ROUT" : "PLAY"),
                  from + i);
  out += stored(log_frame({proto::argument(proto::Bytes(raw)), proto::argument(true), proto::argument(0.5),
                           proto::argument(std::int64_t{-7}), proto::argument("two\nlines")}),
                from + 12);
  out += stored(std::string("\x20\x09\x00\x1a\x4d\x00\x00\x00"
                            "abcdefghijklmnopqr",
                            26),
                from + 13);
  const auto control = *proto::control::frame(proto::control::MessageBufferOverflow{}, {.ecu = "ECU1"});
  return out + stored(std::string(proto::as_text(control)), from + 14);
}

// COVESA's daemon, private: a folder and a port of its own, nothing but loopback.
class CovesaDaemon {
 public:
  CovesaDaemon() : port_(free_port()) {
    write_file(dir_ / "dlt.conf", "UDPConnectionSetup = 0\nLoggingMode = 2\nLoggingFilename = " + (dir_ / "own.log") +
                                      "\nControlSocketPath = " + (dir_ / "control.sock") + "\n");
    child_ = std::make_unique<Child>(Child::Setup{
        .command = {"/usr/bin/dlt-daemon", "-c", dir_ / "dlt.conf", "-t", dir_.path().string(), "-p", port()},
        .environment = {},
        .out = dir_ / "log",
        .err = dir_ / "log"});
    if (!eventually([&] { return answers(port_); })) throw std::runtime_error("the incumbent's daemon does not serve");
  }

  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  [[nodiscard]] std::string control_socket() const { return dir_ / "control.sock"; }
  // dlt-adaptor-stdin, with what it is to log.
  [[nodiscard]] std::unique_ptr<Child> application(const std::string& app, const std::string& context) const {
    return std::make_unique<Child>(Child::Setup{.command = {"dlt-adaptor-stdin", "-a", app, "-c", context},
                                                .environment = {{"DLT_PIPE_DIR", dir_.path().string()}},
                                                .with_input = true});
  }

 private:
  TempDir dir_;
  std::uint16_t port_;
  std::unique_ptr<Child> child_;
};

}  // namespace dlt::test
