#include "tools/selection.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "dlt/proto/text.hpp"

namespace dlt::tools {

namespace {

using daemon::IdPattern;

std::optional<std::string> add_pattern(std::vector<IdPattern>& to, std::string_view text) {
  const auto pattern = IdPattern::parse(text);
  if (!pattern) return "'" + std::string(text) + "' is no id, those have four characters at most";
  to.push_back(*pattern);
  return std::nullopt;
}

template <class IdType>
bool any_matches(const std::vector<IdPattern>& patterns, const IdType& id) noexcept {
  return patterns.empty() ||
         std::any_of(patterns.begin(), patterns.end(), [&id](const IdPattern& p) { return p.matches(id); });
}

}  // namespace

Selection::Selection() = default;
Selection::~Selection() = default;
Selection::Selection(Selection&&) noexcept = default;
Selection& Selection::operator=(Selection&&) noexcept = default;

std::optional<std::string> Selection::add_rule(std::string_view rule) {
  restricted_ = true;
  rule_texts_.emplace_back(rule);
  return rules_.add(rule);
}

std::optional<std::string> Selection::set_level(std::string_view level) {
  restricted_ = true;
  level_text_ = level;
  if (levels_.add("::" + std::string(level)))
    return "'" + std::string(level) + "' is no level (fatal, error, warn, info, debug, verbose or 1 to 6)";
  return std::nullopt;
}

std::optional<std::string> Selection::add_app(std::string_view pattern) {
  restricted_ = true;
  app_texts_.emplace_back(pattern);
  return add_pattern(apps_, pattern);
}

std::optional<std::string> Selection::add_context(std::string_view pattern) {
  restricted_ = true;
  context_texts_.emplace_back(pattern);
  return add_pattern(contexts_, pattern);
}

std::optional<std::string> Selection::set_text(const std::string& expression) {
  restricted_ = true;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_encoding(RE2::Options::EncodingLatin1);  // payloads may hold any bytes
  text_ = std::make_unique<RE2>(expression, options);
  if (!text_->ok()) return "'" + expression + "' is no regular expression: " + text_->error();
  return std::nullopt;
}

std::optional<std::string> Selection::read_filter_file(const std::string& path, bool json) {
  restricted_ = true;
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream read;
  if (in.is_open() && in.peek() != EOF) read << in.rdbuf();
  if (!in.is_open() || in.bad() || read.bad())
    return "cannot read the filter file " + path + ": " + std::strerror(errno != 0 ? errno : EIO);
  const std::string text = read.str();
  if (const auto wrong = json ? file_.add_json(text) : file_.add_lines(text)) return path + ": " + *wrong;
  if (file_.empty()) return path + ": has no filter";
  return std::nullopt;
}

std::string Selection::rules() const {
  std::string lines;
  for (const auto& rule : rule_texts_) lines += rule + "\n";
  if (!lines.empty() || (app_texts_.empty() && context_texts_.empty() && level_text_.empty())) return lines;
  const std::vector<std::string> any{""};
  for (const auto& app : app_texts_.empty() ? any : app_texts_)
    for (const auto& context : context_texts_.empty() ? any : context_texts_)
      lines.append(app).append(":").append(context).append(":").append(level_text_) += "\n";
  return lines;
}

bool Selection::wants(const proto::MessageView& m) {
  if (!restricted_) return true;
  const daemon::FilterSubject subject{m.extended().app, m.extended().context, m.level()};
  if (!rules_.pass(subject) || !levels_.pass(subject)) return false;
  if (!any_matches(apps_, subject.app) || !any_matches(contexts_, subject.context)) return false;
  if (!file_.pass(m)) return false;
  if (!text_) return true;
  payload_.clear();
  proto::append_payload(payload_, m);
  return RE2::PartialMatch(payload_, *text_);
}

}  // namespace dlt::tools
