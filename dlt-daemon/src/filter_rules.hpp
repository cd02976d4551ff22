// Which messages are wanted, as one writes it in a word: `--filter RULE`.
//
//   RULE     = ["!"] APP [":" CONTEXT [":" LEVEL]]
//   APP      = a pattern of an id: "*" stands for any characters, "?" for one; empty: any id
//   CONTEXT  = likewise
//   LEVEL    = ["="] name or number of a level: this level and the more severe ones, with "=" this one alone;
//              empty or "*": any level, and what has none (control messages, traces)
//
//   NAVI              everything of NAVI
//   NAVI:ROUT:warn    fatal, error and warn of one context
//   !*:NOIS           nothing of any context NOIS
//   ::=debug          debug messages of everybody
//
// A message passes if it matches no rule with "!" and, where there are rules without one, at least one of those. Their
// order does not matter. Ids are compared as they are, upper and lower case apart. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dlt/proto/ids.hpp"
#include "dlt/proto/level.hpp"

namespace dlt::daemon {

// "*", "NAVI", "NA*", "?AVI", or nothing: any.
class IdPattern {
 public:
  IdPattern() = default;
  // Nothing: no id can match, an id has four characters at most.
  [[nodiscard]] static std::optional<IdPattern> parse(std::string_view text);

  [[nodiscard]] bool matches(std::string_view id, std::uint32_t key) const noexcept;
  template <class IdType>
  [[nodiscard]] bool matches(const IdType& id) const noexcept {
    return matches(id.text(), id.key());
  }

 private:
  enum class Kind { any, exact, glob };

  Kind kind_ = Kind::any;
  std::uint32_t key_ = 0;
  std::string glob_;
};

// What a rule looks at. Without extended header the ids are empty; only log messages have a level.
struct FilterSubject {
  AppId app;
  ContextId context;
  std::optional<Level> level;
};

class FilterRules {
 public:
  // What is wrong with the rule; nothing where it has been added.
  [[nodiscard]] std::optional<std::string> add(std::string_view rule);

  // Likewise of a text with a rule a line; then nothing of it has been added.
  [[nodiscard]] std::optional<std::string> add_lines(std::string_view rules);

  [[nodiscard]] bool pass(const FilterSubject& subject) const noexcept;
  [[nodiscard]] bool empty() const noexcept { return wanted_.empty() && unwanted_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return wanted_.size() + unwanted_.size(); }

  static constexpr std::size_t most_rules = 1024;

 private:
  struct Rule {
    IdPattern app;
    IdPattern context;
    std::optional<Level> level;
    bool exactly = false;

    [[nodiscard]] bool matches(const FilterSubject& subject) const noexcept;
  };

  std::vector<Rule> wanted_;
  std::vector<Rule> unwanted_;
};

}  // namespace dlt::daemon
