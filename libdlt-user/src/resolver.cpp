#include "resolver.hpp"

#include <netdb.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "quiet_thread.hpp"

namespace dlt::detail {

namespace {

std::atomic<std::uint32_t> going_on{0};  // relaxed: only the number counts

// Says by its code whether it was understood; `flags` decide whether anybody is asked.
int find(const std::string& host, const std::string& port, int flags, std::vector<Endpoint>& found) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  if (const int wrong = getaddrinfo(host.c_str(), port.c_str(), &hints, &list)) return wrong;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> guard(list, &freeaddrinfo);
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    if (a->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Endpoint& e = found.emplace_back();
    std::memcpy(&e.address, a->ai_addr, a->ai_addrlen);
    e.size = a->ai_addrlen;
  }
  return 0;
}

std::error_code nowhere() noexcept { return std::make_error_code(std::errc::address_not_available); }

}  // namespace

// Shared by who asks and the thread that looks up.
struct Resolver::Question {
  const std::string host;
  const std::string port;
  std::vector<Endpoint> found;
  std::atomic<bool> answered{false};  // sync: resolved, released when `found` is complete
  std::mutex mutex;                   // for the next one: who has forgotten is not called any more
  std::function<void()> on_answer;
};

void Resolver::after_fork_in_child() noexcept { going_on.store(0, std::memory_order_relaxed); }

void Resolver::answer(Question& q) noexcept {
  try {
    (void)find(q.host, q.port, 0, q.found);
  } catch (const std::bad_alloc&) {
    q.found.clear();
  }
  going_on.fetch_sub(1, std::memory_order_relaxed);
  q.answered.store(true, std::memory_order_release);  // sync: resolved
  const std::lock_guard lock(q.mutex);
  if (q.on_answer) q.on_answer();
}

bool Resolver::has_answer() const noexcept {
  return asked_ != nullptr && asked_->answered.load(std::memory_order_acquire);  // sync: resolved
}

Result<std::vector<Endpoint>> Resolver::look_up(const std::string& host, const std::string& port) {
  std::vector<Endpoint> found;
  if (find(host, port, AI_NUMERICHOST, found) == 0) return found;
  if (asked_ != nullptr && (asked_->host != host || asked_->port != port)) forget();
  if (asked_ == nullptr)
    if (const auto error = ask(host, port)) return error;
  if (!has_answer()) return std::make_error_code(std::errc::operation_would_block);
  found = std::move(asked_->found);
  forget();
  if (found.empty()) return nowhere();
  return found;
}

std::error_code Resolver::ask(const std::string& host, const std::string& port) {
  auto question = std::make_shared<Question>(host, port);
  question->on_answer = on_answer_;
  if (going_on.fetch_add(1, std::memory_order_relaxed) >= most_at_once) {
    going_on.fetch_sub(1, std::memory_order_relaxed);
    return nowhere();
  }
  std::thread thread;
  const auto run = [question] {
    pthread_setname_np(pthread_self(), "dlt-resolver");
    answer(*question);
  };
  if (const auto error = start_quietly(thread, run)) {
    going_on.fetch_sub(1, std::memory_order_relaxed);
    return error;
  }
  thread.detach();
  asked_ = std::move(question);
  return {};
}

void Resolver::forget() noexcept {
  if (asked_ == nullptr) return;
  {
    const std::lock_guard lock(asked_->mutex);
    asked_->on_answer = nullptr;
  }
  asked_.reset();
}

void Endpoints::begin(std::vector<Endpoint> found) noexcept {
  all_ = std::move(found);
  at_ = 0;
  const auto last = std::find(all_.begin(), all_.end(), worked_);
  if (last != all_.end()) std::rotate(all_.begin(), last, last + 1);
}

}  // namespace dlt::detail
