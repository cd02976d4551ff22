// Everything that decides whether a message is shown or stored: all of it must agree.
//
// Filled by the command line, then asked once for each message. Pure apart from read_filter_file(); one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dlt/proto/message.hpp"
#include "filter_rules.hpp"
#include "tools/filter_file.hpp"

namespace re2 {
class RE2;
}

namespace dlt::tools {

class Selection {
 public:
  Selection();
  ~Selection();
  Selection(Selection&&) noexcept;
  Selection& operator=(Selection&&) noexcept;

  // Each returns what is wrong with its argument, nothing where it has been taken.
  [[nodiscard]] std::optional<std::string> add_rule(std::string_view rule);
  [[nodiscard]] std::optional<std::string> set_level(std::string_view level);        // this and the more severe ones
  [[nodiscard]] std::optional<std::string> add_app(std::string_view pattern);        // one of those
  [[nodiscard]] std::optional<std::string> add_context(std::string_view pattern);    // one of those
  [[nodiscard]] std::optional<std::string> set_text(const std::string& expression);  // found in the payload's text
  [[nodiscard]] std::optional<std::string> read_filter_file(const std::string& path, bool json);

  // Rules, one a line, that let everything pass that is wanted, and less than everything where that can be said so:
  // for a daemon to ask before it sends. Empty: it cannot.
  [[nodiscard]] std::string rules() const;

  // Everything is wanted.
  [[nodiscard]] bool empty() const noexcept { return !restricted_; }
  [[nodiscard]] bool wants(const proto::MessageView& message);

 private:
  daemon::FilterRules rules_;
  daemon::FilterRules levels_;
  std::vector<daemon::IdPattern> apps_;
  std::vector<daemon::IdPattern> contexts_;
  std::unique_ptr<re2::RE2> text_;
  FilterFile file_;
  std::vector<std::string> rule_texts_, app_texts_, context_texts_;
  std::string level_text_;
  bool restricted_ = false;
  std::string payload_;  // scratch
};

}  // namespace dlt::tools
