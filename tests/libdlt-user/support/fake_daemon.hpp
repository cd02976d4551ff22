// The other end of a session in tests: a socket, a Unix one unless told otherwise, that speaks the daemon's side of the
// local protocol, as far as a test wants it to. One thread of its own; what it collected is read by the test's thread
// through the functions here.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "dlt/proto/header.hpp"
#include "dlt/proto/local.hpp"
#include "support/deadline.hpp"
#include "support/temp_dir.hpp"

namespace dlt::test {

class FakeDaemon {
 public:
  struct Manner {
    bool answers_hello = true;
    bool reads = true;
    bool acknowledges = true;
    std::string ecu = "TEST";
    std::int32_t pid = 1;
  };

  explicit FakeDaemon(std::string path) : FakeDaemon(std::move(path), Manner()) {}
  FakeDaemon(std::string path, Manner manner)
      : path_(std::move(path)), reads_(manner.reads), pid_(manner.pid), manner_(manner) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::memcpy(a.sun_path, path_.c_str(), path_.size() + 1);
    ::unlink(path_.c_str());
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0 || ::listen(listener_, 8) != 0)
      throw std::runtime_error("cannot listen at " + path_);
    thread_ = std::thread([this] { run(); });
  }
  // Wherever that socket listens; it is closed with the daemon.
  FakeDaemon(int listener, Manner manner)
      : reads_(manner.reads), pid_(manner.pid), manner_(manner), listener_(listener) {
    thread_ = std::thread([this] { run(); });
  }
  ~FakeDaemon() {
    stop_ = true;
    thread_.join();
    for (const Peer& p : peers_) ::close(p.fd);
    ::close(listener_);
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  void set_reads(bool on) { reads_ = on; }
  void hang_up() { hang_up_ = true; }
  // From now on it is another process than before, as one that has died and come again.
  void come_again_as(std::int32_t pid) { pid_ = pid; }
  void send(const proto::local::Message& message) {
    std::vector<std::byte> bytes(70'000);
    proto::ByteWriter out(bytes);
    proto::local::encode(out, message);
    const std::lock_guard lock(mutex_);
    to_send_.insert(to_send_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(out.size()));
  }

  [[nodiscard]] bool has_said_all() const {
    return eventually([&] {
      const std::lock_guard lock(mutex_);
      return to_send_.empty();
    });
  }

  // Whole DLT frames in the order of arrival.
  [[nodiscard]] std::vector<std::vector<std::byte>> frames() const {
    const std::lock_guard lock(mutex_);
    return frames_;
  }
  [[nodiscard]] std::size_t frame_count() const {
    const std::lock_guard lock(mutex_);
    return frames_.size();
  }
  // What was registered and so on, as short sentences: "hello", "app APP1", "context CTX1 -2", "bye" …
  [[nodiscard]] std::vector<std::string> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  [[nodiscard]] std::size_t count(const std::string& event) const {
    const auto all = events();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), event));
  }
  [[nodiscard]] bool sees(const std::string& event) const {
    return eventually([&] { return count(event) > 0; });
  }
  [[nodiscard]] bool sees_frames(std::size_t n) const {
    return eventually([&] { return frame_count() >= n; });
  }
  [[nodiscard]] bool descriptor_came() const { return descriptor_came_; }

 private:
  struct Peer {
    int fd = -1;
    std::vector<std::byte> in;
    std::uint64_t position = 0;
  };

  void run() {
    while (!stop_) {
      std::vector<pollfd> fds{{listener_, POLLIN, 0}};
      for (const Peer& p : peers_) fds.push_back({p.fd, static_cast<short>(reads_ ? POLLIN : 0), 0});
      ::poll(fds.data(), fds.size(), 5);
      for (std::size_t i = peers_.size(); i-- > 0;)
        if (reads_ && (fds[i + 1].revents & (POLLIN | POLLHUP)) != 0 && !receive(peers_[i])) close(i);
      if ((fds[0].revents & POLLIN) != 0) accept();
      if (hang_up_.exchange(false))
        while (!peers_.empty()) close(0);
      flush();
    }
  }
  void accept() {
    peers_.push_back({::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), {}, 0});
    event("connected");
  }
  void close(std::size_t i) {
    ::close(peers_[i].fd);
    peers_.erase(peers_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  void flush() {
    const std::lock_guard lock(mutex_);
    if (!to_send_.empty() && !peers_.empty()) {
      for (const Peer& p : peers_) (void)!::send(p.fd, to_send_.data(), to_send_.size(), MSG_NOSIGNAL);
      to_send_.clear();
    }
  }
  // False: the peer is gone.
  bool receive(Peer& peer) {
    const std::size_t had = peer.in.size();
    peer.in.resize(had + 256 * 1024);
    iovec v{peer.in.data() + had, peer.in.size() - had};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    msghdr m{};
    m.msg_iov = &v;
    m.msg_iovlen = 1;
    m.msg_control = control;
    m.msg_controllen = sizeof control;
    const ssize_t n = ::recvmsg(peer.fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    peer.in.resize(had + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
    if (const cmsghdr* c = n > 0 ? CMSG_FIRSTHDR(&m) : nullptr) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
      ::close(fd);
      descriptor_came_ = true;
    }
    const std::size_t before = peer.in.size();
    parse(peer.in);
    if (n == 0) {
      take_front_of_batch(peer.in);
      event("disconnected");
    }
    if (before != peer.in.size()) acknowledge(peer, before - peer.in.size());
    return n != 0;
  }
  void acknowledge(Peer& peer, std::size_t bytes) {
    peer.position += bytes;
    position_ = peer.position;
    if (!manner_.acknowledges) return;
    std::array<std::byte, 32> ack{};
    proto::ByteWriter out(ack);
    proto::local::encode(out, proto::local::Ack{peer.position});
    (void)!::send(peer.fd, ack.data(), out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  void parse(std::vector<std::byte>& in) {
    std::size_t at = 0;
    while (at < in.size()) {
      const proto::Bytes rest = proto::Bytes(in).subspan(at);
      std::size_t used = 0;
      const auto message = proto::local::decode(rest, used);
      if (!message) {
        if (message.error() != Errc::truncated) event("rubbish");
        break;
      }
      if (const auto* b = std::get_if<proto::local::Batch>(&*message)) {
        if (rest.size() < used + b->length) break;
        split(rest.subspan(used, b->length));
        used += b->length;
      } else {
        note(*message);
      }
      at += used;
    }
    in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(at));
  }
  // As our daemon does: what is whole of a batch that was cut.
  void take_front_of_batch(proto::Bytes rest) {
    std::size_t used = 0;
    const auto message = proto::local::decode(rest, used);
    if (message && std::holds_alternative<proto::local::Batch>(*message)) split(rest.subspan(used));
  }
  void split(proto::Bytes bytes) {
    const std::lock_guard lock(mutex_);
    while (bytes.size() >= 4) {
      const std::size_t n = proto::load_be<std::uint16_t>(bytes.data() + 2);
      if (n < 4 || n > bytes.size()) return;
      frames_.emplace_back(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
      bytes = bytes.subspan(n);
    }
  }
  void note(const proto::local::Message& message) {
    using namespace proto::local;
    if (std::holds_alternative<Hello>(message)) {
      event("hello");
      if (manner_.answers_hello) send(Hello{1, capability::all, pid_, EcuId(manner_.ecu), 0, "fake"});
    } else if (const auto* log = std::get_if<Log>(&message)) {
      split(log->frame);
    } else if (const auto* app = std::get_if<RegisterApplication>(&message)) {
      event("app " + std::string(app->app.text()));
    } else if (const auto* c = std::get_if<RegisterContext>(&message)) {
      event("context " + std::string(c->context.text()) + " " + std::to_string(c->log_level));
      positions_ = c->position;
    } else if (const auto* u = std::get_if<UnregisterContext>(&message)) {
      event("uncontext " + std::string(u->context.text()));
    } else if (std::holds_alternative<UnregisterApplication>(message)) {
      event("unapp");
    } else if (std::holds_alternative<Bye>(message)) {
      event("bye");
    } else if (std::holds_alternative<Memfd>(message)) {
      event("memfd");
    } else if (const auto* loss = std::get_if<Loss>(&message)) {
      for (std::size_t i = 0; i < loss->count(); ++i) {
        const auto e = loss->at(i);
        lost_ += e.count;
        event("loss " + std::string(name(e.cause)));
      }
    } else if (const auto* overflow = std::get_if<Overflow>(&message)) {
      lost_ += overflow->lost;
    } else if (std::holds_alternative<Statistics>(message)) {
      event("statistics");
    } else if (const auto* asked = std::get_if<SnapshotRequest>(&message)) {
      event("snapshot " + std::string(asked->reason));
    }
  }
  void event(std::string what) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(what));
  }

 public:
  std::atomic<std::uint64_t> lost_{0};       // by Loss and Overflow messages
  std::atomic<std::int32_t> positions_{-1};  // of the last registered context
  std::atomic<std::uint64_t> position_{0};   // bytes of the connection that was read last

 private:
  const std::string path_;
  std::atomic<bool> reads_;
  std::atomic<std::int32_t> pid_;
  Manner manner_;
  int listener_ = -1;
  std::vector<Peer> peers_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> hang_up_{false};
  std::atomic<bool> descriptor_came_{false};
  mutable std::mutex mutex_;
  std::vector<std::byte> to_send_;
  std::vector<std::vector<std::byte>> frames_;
  std::vector<std::string> events_;
  std::thread thread_;
};

}  // namespace dlt::test
