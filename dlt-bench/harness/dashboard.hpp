// A LiveView on the terminal, on its alternate screen: what stood there before is there again when this object ends, or
// when the program is interrupted. One at a time; one thread.
#pragma once

#include "harness/live_view.hpp"

namespace dlt::bench {

class Dashboard {
 public:
  explicit Dashboard(const std::string& title);
  ~Dashboard();
  Dashboard(const Dashboard&) = delete;
  Dashboard& operator=(const Dashboard&) = delete;

  [[nodiscard]] LiveView& view() noexcept { return view_; }
  void draw();  // a few times a second at most, however often it is called

 private:
  LiveView view_;
  bool shown_ = false;
  double next_s_ = 0;
};

// Whether there is a terminal for it.
[[nodiscard]] bool can_show_dashboard();

}  // namespace dlt::bench
