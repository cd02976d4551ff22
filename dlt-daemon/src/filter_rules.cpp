#include "filter_rules.hpp"

#include <algorithm>
#include <array>

namespace dlt::daemon {

namespace {

// Whether the whole text matches; a "*" that fails takes one more character.
bool glob_matches(std::string_view glob, std::string_view text) noexcept {
  std::size_t g = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      resume = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

}  // namespace

std::optional<IdPattern> IdPattern::parse(std::string_view text) {
  if (text.size() - static_cast<std::size_t>(std::count(text.begin(), text.end(), '*')) > 4) return std::nullopt;
  IdPattern p;
  if (text.find_first_not_of('*') == std::string_view::npos) return p;
  if (text.find_first_of("*?") == std::string_view::npos) {
    p.kind_ = Kind::exact;
    p.key_ = AppId(text).key();
  } else {
    p.kind_ = Kind::glob;
    p.glob_ = text;
  }
  return p;
}

bool IdPattern::matches(std::string_view id, std::uint32_t key) const noexcept {
  switch (kind_) {
    case Kind::any: return true;
    case Kind::exact: return key == key_;
    case Kind::glob: return glob_matches(glob_, id);
  }
  return false;
}

std::optional<std::string> FilterRules::add(std::string_view text) {
  const std::string shown = "filter '" + std::string(text) + "': ";
  const bool unwanted = text.starts_with('!');
  if (unwanted) text.remove_prefix(1);
  std::array<std::string_view, 3> parts;
  for (std::size_t i = 0;; ++i) {
    if (i == parts.size()) return shown + "has more than APP:CONTEXT:LEVEL";
    const auto colon = text.find(':');
    parts[i] = text.substr(0, colon);
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
  }
  const auto app = IdPattern::parse(parts[0]);
  const auto context = IdPattern::parse(parts[1]);
  if (!app || !context)
    return shown + "'" + std::string(parts[app ? 1 : 0]) + "' is no id, those have four characters at most";
  Rule rule{*app, *context, std::nullopt, parts[2].starts_with('=')};
  if (rule.exactly) parts[2].remove_prefix(1);
  if (rule.exactly || (!parts[2].empty() && parts[2] != "*")) {
    rule.level = parse_level(parts[2]);
    if (!rule.level || *rule.level < Level::fatal)
      return shown + "'" + std::string(parts[2]) + "' is no level (fatal, error, warn, info, debug, verbose or 1 to 6)";
  }
  (unwanted ? unwanted_ : wanted_).push_back(rule);
  return std::nullopt;
}

bool FilterRules::Rule::matches(const FilterSubject& s) const noexcept {
  if (level && (!s.level || (exactly ? *s.level != *level : *s.level > *level))) return false;
  return app.matches(s.app) && context.matches(s.context);
}

bool FilterRules::pass(const FilterSubject& s) const noexcept {
  const auto matches = [&s](const Rule& rule) { return rule.matches(s); };
  if (std::any_of(unwanted_.begin(), unwanted_.end(), matches)) return false;
  return wanted_.empty() || std::any_of(wanted_.begin(), wanted_.end(), matches);
}

std::optional<std::string> FilterRules::add_lines(std::string_view text) {
  FilterRules all = *this;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    if (all.size() == most_rules) return "more than " + std::to_string(most_rules) + " rules";
    if (auto problem = all.add(line)) return problem;
  }
  *this = std::move(all);
  return std::nullopt;
}

}  // namespace dlt::daemon
