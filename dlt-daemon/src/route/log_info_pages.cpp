#include "route/log_info_pages.hpp"

namespace dlt::daemon {

using proto::control::LogInfo;

namespace {

// Adds contexts to the last page, or to a new one where it is full.
class Paginator {
 public:
  Paginator(const LogInfo& list, std::size_t limit)
      : blank_{list.options, {}, list.interface},
        limit_(limit),
        blank_size_(encoded_size(blank_)),
        context_size_(size_with({{}, {{}}, {}}) - size_with({{}, {}, {}})) {}

  void add(const LogInfo::Application& application) {
    const LogInfo::Application heading{application.id, {}, application.description};
    const std::size_t heading_size = size_with(heading) - blank_size_;
    bool open = false;  // the last page has its heading
    for (const auto& context : application.contexts) {
      const std::size_t size = context_size_ + (blank_.options == 7 ? context.description.size() : 0);
      if (pages_.empty() || (size_ + (open ? 0 : heading_size) + size > limit_ && size_ > blank_size_)) {
        pages_.push_back(blank_);
        size_ = blank_size_;
        open = false;
      }
      auto& applications = pages_.back().applications;
      if (!std::exchange(open, true)) {
        applications.push_back(heading);
        size_ += heading_size;
      }
      applications.back().contexts.push_back(context);
      size_ += size;
    }
  }
  [[nodiscard]] std::vector<LogInfo> take() { return std::move(pages_); }

 private:
  [[nodiscard]] std::size_t size_with(const LogInfo::Application& application) const {
    return encoded_size(LogInfo{blank_.options, {application}, blank_.interface});
  }

  const LogInfo blank_;
  const std::size_t limit_;
  const std::size_t blank_size_;
  const std::size_t context_size_;  // without its description
  std::vector<LogInfo> pages_;
  std::size_t size_ = 0;  // of the last page
};

}  // namespace

std::vector<LogInfo> pages_of(const LogInfo& list, std::size_t limit) {
  Paginator paginator(list, limit);
  for (const auto& application : list.applications) paginator.add(application);
  return paginator.take();
}

}  // namespace dlt::daemon
