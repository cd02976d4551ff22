// A daemon that reads nothing for a while: what happens meanwhile it finds in that order. The test's main thread.
#pragma once

#include <asio/post.hpp>
#include <future>
#include <memory>

#include "dlt-daemon/support/running_daemon.hpp"

namespace dlt::test {

class StandStill {
 public:
  explicit StandStill(RunningDaemon& d) {
    asio::post(d.daemon().io(), [stopped = stopped_, over = over_.get_future().share()] {
      stopped->set_value();
      over.wait();
    });
    stopped_->get_future().wait();
  }
  ~StandStill() { over_.set_value(); }

 private:
  const std::shared_ptr<std::promise<void>> stopped_ = std::make_shared<std::promise<void>>();
  std::promise<void> over_;
};

}  // namespace dlt::test
