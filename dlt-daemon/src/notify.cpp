#include "notify.hpp"

#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <ctime>

namespace dlt::daemon {

namespace {

constexpr std::chrono::seconds pace_without_watchdog{10};

// As RELOADING=1 wants it beside it.
std::uint64_t monotonic_us() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace

void Notify::ready() {
  if (std::getenv("NOTIFY_SOCKET") == nullptr) return;
  std::uint64_t limit_us = 0;
  watched_ = ::sd_watchdog_enabled(0, &limit_us) > 0;
  pace_ = watched_ ? std::chrono::microseconds(limit_us / 2) : pace_without_watchdog;
  told_ = status();
  tell("READY=1\nSTATUS=" + told_);
  tick();
}

void Notify::reloading() {
  reloading_ = true;
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_us()));
}

void Notify::reloaded(bool good) {
  good_ = good;
  told_ = status();
  tell("READY=1\nSTATUS=" + told_);
  reloading_ = false;
}

void Notify::revive() {
  if (pace_.count() != 0 && !waits_) tick();
  if (reloading_) reloaded(good_);
}

void Notify::stopping() {
  pace_ = {};
  timer_.cancel();
  tell("STOPPING=1\nSTATUS=passes on what has been sent, then ends");
}

std::string Notify::status() const {
  return (good_ ? "" : "the configuration has errors, the one before it is in force; ") + summary_();
}

// The next time comes first: nothing that fails after it ends the chain.
void Notify::tick() {
  timer_.expires_after(pace_);
  timer_.async_wait([this](std::error_code error) {
    waits_ = false;
    if (!error) tick();
  });
  waits_ = true;
  if (watched_) tell("WATCHDOG=1");
  std::string now = status();
  if (now == told_) return;
  tell("STATUS=" + now);
  told_ = std::move(now);
}

void Notify::tell(const std::string& what) {
  const int result = ::sd_notify(0, what.c_str());
  if (result < 0) spdlog::debug("systemd could not be told {}: {}", what, std::generic_category().message(-result));
}

}  // namespace dlt::daemon
