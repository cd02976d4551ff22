#include "snapshot_desk.hpp"

#include <cstdio>
#include <utility>

namespace dlt::detail {

namespace local = proto::local;

namespace {

std::string_view cut(std::string_view reason) noexcept { return reason.substr(0, local::SnapshotRequest::max_reason); }

}  // namespace

void SnapshotDesk::open(std::chrono::seconds interval, Clock::time_point now) {
  interval_ = interval;
  next_ = interval.count() > 0 ? now + interval : Clock::time_point::max();
  signalled_.store(false, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  closed_.clear();
}

void SnapshotDesk::close(std::string_view why) {
  const std::lock_guard lock(mutex_);
  closed_ = why;
  for (auto i = entries_.begin(); i != entries_.end();) {
    const auto entry = i++;
    if (!entry->second.waited_for) entries_.erase(entry);
    else if (entry->second.state != State::done) finish(entry->second, {{}, closed_});
  }
}

Snapshot SnapshotDesk::ask(std::string_view reason, Clock::time_point deadline, const std::function<void()>& ring) {
  std::unique_lock lock(mutex_);
  if (!closed_.empty()) return {{}, closed_};
  if (entries_.size() >= most_waiting) return {{}, "too many snapshots are being waited for"};
  const std::uint32_t id = ++last_id_;
  Entry& entry = entries_.try_emplace(id).first->second;
  entry.reason = cut(reason);
  entry.waited_for = true;
  fresh_.store(true, std::memory_order_release);
  lock.unlock();
  ring();
  lock.lock();
  (void)done_.wait_until(lock, deadline, [&entry] { return entry.state == State::done; });
  Snapshot result = std::move(entry.result);
  if (entry.state == State::fresh) result.problem = "no daemon was connected in time";
  if (entry.state == State::asked) result.problem = "the daemon has not answered in time";
  entries_.erase(id);
  return result;
}

// For nobody: what goes wrong with it is said on stderr.
void SnapshotDesk::add(std::string_view reason) {
  if (entries_.size() >= most_waiting) return;
  entries_.try_emplace(++last_id_).first->second.reason = reason;
}

void SnapshotDesk::finish(Entry& entry, Snapshot result) {
  if (!entry.waited_for && !result)
    std::fprintf(stderr, "libdlt-user: no snapshot (%s): %s\n", entry.reason.c_str(), result.problem.c_str());
  entry.result = std::move(result);
  entry.state = State::done;
  done_.notify_all();
}

void SnapshotDesk::serve(Clock::time_point now, std::string_view refusal,
                         const std::function<void(const local::SnapshotRequest&)>& post) {
  const bool due = now >= next_;
  if (!due && !has_news()) return;
  const std::lock_guard lock(mutex_);
  if (due) next_ = now + interval_;
  if (due && refusal.empty()) add("interval");  // without a daemon that can, the next time will do
  if (signalled_.exchange(false, std::memory_order_acq_rel)) add("signal");  // sync: signalled
  fresh_.store(false, std::memory_order_relaxed);
  for (auto i = entries_.begin(); i != entries_.end();) {
    auto& [id, entry] = *i;
    const bool waited_for = entry.waited_for;
    if (entry.state == State::fresh && refusal.empty()) {
      post({id, entry.reason});
      entry.state = State::asked;
    } else if (entry.state == State::fresh) {
      finish(entry, {{}, std::string(refusal)});
    }
    i = entry.state == State::done && !waited_for ? entries_.erase(i) : std::next(i);
  }
}

void SnapshotDesk::answered(const local::SnapshotAnswer& answer) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(answer.id);
  if (found == entries_.end() || found->second.state != State::asked) return;
  std::string text(answer.text);
  const bool written = answer.status == local::SnapshotAnswer::Status::written;
  finish(found->second, written ? Snapshot{std::move(text), {}} : Snapshot{{}, std::move(text)});
  if (!found->second.waited_for) entries_.erase(found);
}

// What somebody waits for is asked again of the next daemon.
void SnapshotDesk::on_broken() noexcept {
  const std::lock_guard lock(mutex_);
  for (auto i = entries_.begin(); i != entries_.end();) {
    Entry& entry = i->second;
    const bool drop = !entry.waited_for;
    if (!drop && entry.state == State::asked) {
      entry.state = State::fresh;
      fresh_.store(true, std::memory_order_release);
    }
    i = drop ? entries_.erase(i) : std::next(i);
  }
}

}  // namespace dlt::detail
