#include "snapshot/snapshots.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <asio/post.hpp>
#include <chrono>
#include <new>

#include "clocks.hpp"
#include "insist.hpp"
#include "printable.hpp"
#include "snapshot/process_end.hpp"

namespace dlt::daemon {

namespace {

constexpr auto look_interval = std::chrono::milliseconds(10);
constexpr std::size_t longest_text = 60'000;  // of an answer about several

std::string line_of(AppId app, const SnapshotResult& result) {
  if (result.status == SnapshotResult::Status::written) return result.text;
  return fmt::format("{}: {}", printable(app.text()), result.text);
}

}  // namespace

struct Snapshots::Dead {
  Recorded of;
  Fd process;
  std::chrono::steady_clock::time_point until;
  std::int64_t asked_us;
  asio::steady_timer timer;
};

Snapshots::Snapshots(asio::io_context& io, SnapshotFiles::Options options) : io_(io) {
  status_.directory = options.directory;
  if (options.directory.empty()) return;
  status_.enabled = true;
  writer_ = std::make_unique<SnapshotWriter>(std::move(options));
}

Snapshots::~Snapshots() { stop(); }

void Snapshots::take(const Recorded& of, std::string_view reason, Answer answer) {
  using Result = SnapshotResult;
  if (!enabled()) {
    if (answer) answer({Result::Status::unavailable, "this daemon makes no snapshots: it has no SnapshotDirectory", 0});
    return;
  }
  if (!of.memory) {
    if (answer) answer({Result::Status::unavailable, "this application has no flight recorder", 0});
    return;
  }
  std::string what = fmt::format("of {} ({}), {}", printable(of.app.text()), of.pid, printable(reason, 255));
  // Copied there and back: the writer's thread calls nothing but post(), until there is memory for it.
  auto done = [this, answer, what](const SnapshotResult& result) {
    insist([&] {
      asio::post(io_, [this, a = answer, w = what, r = result] {  // not const: moved by the io thread without copies
        finished(r, w);
        if (a) a(r);
      });
    });
  };
  if (writer_->push({of, std::string(reason), unix_us()}, std::move(done))) return;
  ++status_.refused;
  const Result busy{Result::Status::busy, fmt::format("{} snapshots wait already", SnapshotWriter::most_waiting), 0};
  spdlog::warn("no snapshot {}: {}", what, busy.text);
  if (answer) answer(busy);
}

void Snapshots::take_each(const std::vector<Recorded>& of, std::string_view reason, AllAnswer answer) {
  if (of.empty()) {
    if (answer) answer({0, false, "no application that is connected has a flight recorder"});
    return;
  }
  struct Gathered {
    All all;
    std::size_t left;
    AllAnswer answer;
  };
  auto gathered = std::make_shared<Gathered>(Gathered{{}, of.size(), std::move(answer)});
  for (const Recorded& one : of)
    take(one, reason, [gathered, app = one.app](const SnapshotResult& result) {
      All& all = gathered->all;
      const bool written = result.status == SnapshotResult::Status::written;
      all.written += written ? 1 : 0;
      all.good = all.good && written;
      try {
        if (const auto line = line_of(app, result); all.text.size() + line.size() < longest_text)
          all.text += (all.text.empty() ? "" : "\n") + line;
      } catch (const std::bad_alloc&) {  // the line is left out
      }
      if (--gathered->left == 0 && gathered->answer) gathered->answer(all);
    });
}

// Its parent has to ask for its end before the kernel tells it.
void Snapshots::crashed(Recorded of, Fd&& process) {
  if (!enabled() || !of.memory) return;
  const auto now = std::chrono::steady_clock::now();
  auto dead = std::make_shared<Dead>(Dead{std::move(of), Fd(), now + wait_for_end, unix_us(), asio::steady_timer(io_)});
  std::erase_if(dead_, [](const auto& d) { return d.expired(); });
  dead_.push_back(dead);
  dead->process = std::move(process);
  look_at(dead);
}

// Where there is no memory for the snapshot it may be there in a moment; without memory even to wait, it has failed.
void Snapshots::look_at(const std::shared_ptr<Dead>& dead) noexcept {
  try {
    if (take_dead(*dead)) return;
  } catch (const std::bad_alloc&) {
    if (std::chrono::steady_clock::now() >= dead->until + wait_for_memory) return fail("crash");
  }
  try {
    dead->timer.expires_after(look_interval);
    dead->timer.async_wait([this, dead](std::error_code error) {
      if (!error) look_at(dead);
    });
  } catch (const std::bad_alloc&) {
    fail("crash");
  }
}

// False: how it died is still to be told.
bool Snapshots::take_dead(const Dead& dead) {
  const auto end = end_of(dead.process);
  if (!end && dead.process && std::chrono::steady_clock::now() < dead.until) return false;
  take(dead.of, end ? "crash: " + end->text() : "crash: died");
  return true;
}

void Snapshots::fail(std::string_view reason) noexcept {
  ++status_.failed;
  try {
    status_.problem = "no memory";
    spdlog::error("no snapshot, {}: no memory", printable(reason));
  } catch (const std::bad_alloc&) {  // it has been counted
  }
}

// Without memory it is counted, and less is told.
void Snapshots::finished(const SnapshotResult& result, const std::string& what) noexcept {
  const bool written = result.status == SnapshotResult::Status::written;
  try {
    (written ? status_.last : status_.problem) = result.text;
  } catch (const std::bad_alloc&) {
  }
  if (written) {
    ++status_.taken;
    status_.bytes += result.bytes;
    status_.took = result.took;
    spdlog::info("snapshot {}: {}; {} bytes, us to read {}, compress {}, sync {}", what, result.text, result.bytes,
                 result.took.read, result.took.compress, result.took.sync);
  } else {
    ++status_.failed;
    spdlog::error("no snapshot {}: {}", what, result.text);
  }
}

// Nobody is asked any more how he died.
void Snapshots::stop() {
  for (const auto& d : std::exchange(dead_, {})) {
    const auto dead = d.lock();
    if (!dead) continue;
    dead->timer.cancel();
    try {
      take(dead->of, "crash: died");
    } catch (const std::bad_alloc&) {
      fail("crash");
    }
  }
  if (writer_) writer_->stop();
}

Snapshots::Status Snapshots::status() const {
  Status now = status_;
  if (writer_) now.waiting = writer_->waiting();
  return now;
}

}  // namespace dlt::daemon
