// Which messages of applications go nowhere: those above forced levels, over their application's quota, repetitions.
//
//   frame --judge()--> pass, or why not; and how many repetitions of the context have to be announced before it
//   once a second --take_due()--> what is to be announced without a frame to do it with
//
// A repetition is a message with the same type, level and arguments as the one before it in its context; the first one
// passes. A run of them is announced when another message comes, and each second while it lasts. Messages with more
// than `longest_compared` bytes of payload, and contexts beyond `max_contexts`, are never taken for repetitions.
// Everything that is left out is counted, and take_due() hands each count out once. What there is no memory to judge
// passes. Costs nothing while it is not active(). Pure: time comes in. The io thread's.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "dlt/proto/bytes.hpp"
#include "route/hold.hpp"
#include "route/quota.hpp"
#include "route/registry.hpp"
#include "route/token_bucket.hpp"

namespace dlt::daemon {

class Intake {
 public:
  struct Options {
    bool forced = false;  // nothing above the default level passes, and no trace while the default status is 0
    Quotas quotas{};
    bool suppress_repetitions = false;
  };
  enum class Verdict : std::uint8_t { pass, above_level, over_quota, repetition };
  struct Judgement {
    Verdict verdict = Verdict::pass;
    std::uint64_t repetitions = 0;  // of the message before this one; to be announced before it
  };
  struct Due {
    AppId app;
    ContextId context;  // of `repetitions`
    std::uint64_t repetitions = 0;
    std::uint64_t over_quota = 0;
  };

  // What was not announced yet stays due.
  void set_options(Options options);
  [[nodiscard]] bool active() const noexcept { return active_; }

  // A whole frame and the size of its headers. Frames without ids pass.
  [[nodiscard]] Judgement judge(proto::Bytes frame, std::size_t headers, Defaults defaults, Clock::time_point now);
  [[nodiscard]] std::vector<Due> take_due();
  // What could not be announced is due again.
  void owe(const Due& due) noexcept;

  [[nodiscard]] std::uint64_t above_level() const noexcept { return above_level_; }
  [[nodiscard]] std::uint64_t over_quota() const noexcept { return over_quota_; }
  [[nodiscard]] std::uint64_t repetitions() const noexcept { return repetitions_; }

  static constexpr std::size_t longest_compared = 2048;  // bytes
  static constexpr std::size_t max_contexts = 4096;
  static constexpr std::size_t max_applications = 1024;  // with a bucket each; the others share one, named ones never

 private:
  struct Bucket {
    TokenBucket tokens;
    std::uint64_t dropped = 0;  // not announced yet
  };
  struct Last {
    std::string message;      // type, number of arguments, payload
    std::uint64_t again = 0;  // not announced yet
  };
  [[nodiscard]] bool within_quota(AppId app, std::size_t size, Clock::time_point now);
  [[nodiscard]] Judgement compare(std::uint64_t key, proto::Bytes message);
  [[nodiscard]] Bucket* bucket_of(AppId app, const Quota& quota) noexcept;
  static void keep(Last& last, std::string_view message) noexcept;

  bool active_ = false;
  Options options_;
  std::unordered_map<AppId, Bucket> buckets_;
  std::unordered_map<std::uint64_t, Last> last_;  // by both ids
  std::uint64_t above_level_ = 0;
  std::uint64_t over_quota_ = 0;
  std::uint64_t repetitions_ = 0;
};

}  // namespace dlt::daemon
