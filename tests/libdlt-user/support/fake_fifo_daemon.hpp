// The incumbent's daemon in tests, as far as its FIFOs go: reads DIRECTORY/dlt, answers through the pipe of whoever has
// registered last. One thread of its own; what it collected is read by the test's thread through the functions here.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dlt/proto/local.hpp"
#include "support/deadline.hpp"

namespace dlt::test {

class FakeFifoDaemon {
 public:
  explicit FakeFifoDaemon(std::string directory, bool reads = true) : directory_(std::move(directory)), reads_(reads) {
    const std::string name = directory_ + "/dlt";
    ::mkdir((directory_ + "/dltpipes").c_str(), 0777);
    ::unlink(name.c_str());
    if (::mkfifo(name.c_str(), 0620) != 0) throw std::runtime_error("no FIFO " + name);
    fifo_ = ::open(name.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    thread_ = std::thread([this] { run(); });
  }
  ~FakeFifoDaemon() {
    stop_ = true;
    thread_.join();
    ::close(fifo_);  // the name stays, as it does when a daemon is killed
    if (pipe_ >= 0) ::close(pipe_);
  }
  FakeFifoDaemon(const FakeFifoDaemon&) = delete;
  FakeFifoDaemon& operator=(const FakeFifoDaemon&) = delete;

  void set_reads(bool on) { reads_ = on; }
  // Goes to the application that registered last.
  bool send(const proto::local::Message& message) {
    std::vector<std::byte> bytes(70'000);
    proto::ByteWriter out(bytes);
    proto::local::encode(out, message);
    const std::lock_guard lock(mutex_);
    return ::write(pipe_, bytes.data(), out.size()) == static_cast<ssize_t>(out.size());
  }

  [[nodiscard]] std::vector<std::vector<std::byte>> frames() const {
    const std::lock_guard lock(mutex_);
    return frames_;
  }
  [[nodiscard]] std::size_t frame_count() const {
    const std::lock_guard lock(mutex_);
    return frames_.size();
  }
  // "app APP1 a description", "context CTX1 0 4", "uncontext CTX1", "unapp APP1", "answers", "rubbish".
  [[nodiscard]] std::size_t count(const std::string& event) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::count(events_.begin(), events_.end(), event));
  }
  [[nodiscard]] bool sees(const std::string& event, std::size_t times = 1) const {
    return eventually([&] { return count(event) >= times; });
  }
  [[nodiscard]] bool sees_frames(std::size_t n) const {
    return eventually([&] { return frame_count() >= n; });
  }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }  // told by Overflow messages
  [[nodiscard]] std::int32_t pid() const { return pid_; }     // of who registered last

 private:
  void run() {
    std::vector<std::byte> some(64 * 1024);
    while (!stop_) {
      pollfd ready{fifo_, static_cast<short>(reads_ ? POLLIN : 0), 0};
      if (::poll(&ready, 1, 5) <= 0 || !reads_) continue;
      const ssize_t n = ::read(fifo_, some.data(), some.size());
      if (n > 0) in_.insert(in_.end(), some.begin(), some.begin() + n);
      parse();
    }
  }
  void parse() {
    const std::lock_guard lock(mutex_);
    std::size_t at = 0;
    while (at < in_.size()) {
      std::size_t used = 0;
      const auto message = proto::local::decode(proto::Bytes(in_).subspan(at), used);
      if (!message && message.error() == Errc::truncated) break;
      if (!message) {
        events_.emplace_back("rubbish");
        in_.clear();
        return;
      }
      note(*message);
      at += used;
    }
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  void note(const proto::local::Message& message) {
    using namespace proto::local;
    if (const auto* log = std::get_if<Log>(&message)) {
      frames_.emplace_back(log->frame.begin(), log->frame.end());
    } else if (const auto* app = std::get_if<RegisterApplication>(&message)) {
      answer(app->pid);
      events_.push_back("app " + std::string(app->app.text()) + " " + std::string(app->description));
    } else if (const auto* c = std::get_if<RegisterContext>(&message)) {
      events_.push_back("context " + std::string(c->context.text()) + " " + std::to_string(c->position) + " " +
                        std::to_string(c->log_level));
    } else if (const auto* u = std::get_if<UnregisterContext>(&message)) {
      events_.push_back("uncontext " + std::string(u->context.text()));
    } else if (const auto* end = std::get_if<UnregisterApplication>(&message)) {
      events_.push_back("unapp " + std::string(end->app.text()));
    } else if (const auto* overflow = std::get_if<Overflow>(&message)) {
      lost_ += overflow->lost;
    } else {
      events_.emplace_back("rubbish");
    }
  }
  void answer(std::int32_t pid) {
    if (pipe_ >= 0) ::close(pipe_);
    pid_ = pid;
    const std::string name = directory_ + "/dltpipes/dlt" + std::to_string(pid);
    pipe_ = ::open(name.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (pipe_ >= 0) events_.emplace_back("answers");
  }

  const std::string directory_;
  std::atomic<bool> reads_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<std::int32_t> pid_{0};
  int fifo_ = -1;
  int pipe_ = -1;
  mutable std::mutex mutex_;
  std::vector<std::byte> in_;
  std::vector<std::vector<std::byte>> frames_;
  std::vector<std::string> events_;
  std::thread thread_;
};

}  // namespace dlt::test
