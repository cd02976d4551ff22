// A DLT client over TCP, as a viewer is one: reads whole frames, sends requests. Each wait has a deadline.
// One thread per object.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dlt/proto/bytes.hpp"
#include "dlt/proto/framer.hpp"
#include "dlt/proto/header.hpp"
#include "support/deadline.hpp"

namespace dlt::test {

struct ReceivedFrame {
  proto::StandardHeader standard;
  proto::ExtendedHeader extended;
  proto::Bytes payload;  // lives until the callback returns
};

class Client {
 public:
  // Connects to 127.0.0.1; throws std::runtime_error where nobody listens.
  explicit Client(std::uint16_t port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Calls `on_frame` for each frame until it returns true (then so does this), the limit passes or the daemon closes.
  // Frames read beyond the last one wanted are kept for the next call.
  bool read_until(const std::function<bool(const ReceivedFrame&)>& on_frame,
                  std::chrono::milliseconds limit = patience);

  void send(proto::Bytes bytes) const;
  // The daemon has closed the connection, and read_until() has shown everything before that.
  [[nodiscard]] bool ended() const { return ended_; }
  // The bytes that were not part of a frame; always 0 from a sane daemon.
  [[nodiscard]] std::uint64_t rubbish() const { return framer_.skipped_bytes(); }

 private:
  bool fill(std::chrono::milliseconds limit);

  int socket_;
  bool ended_ = false;
  std::vector<std::byte> buffer_;
  proto::Framer framer_;
};

// The text of a message whose only argument is a string; empty for any other payload.
std::string only_text(const ReceivedFrame& frame);

// The {u32, u64} of a message logged with DLT_INFO(c, "{}{}", thread, sequence); nothing for any other payload.
struct Numbered {
  std::uint32_t thread;
  std::uint64_t sequence;
};
std::optional<Numbered> numbered(const ReceivedFrame& frame);

}  // namespace dlt::test
