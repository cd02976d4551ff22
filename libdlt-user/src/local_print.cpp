#include "local_print.hpp"

#include <time.h>

#include <cstdio>
#include <exception>
#include <string>

#include "dlt/proto/message.hpp"
#include "dlt/proto/text.hpp"

namespace dlt::detail {

void print_locally(std::span<const std::byte> frame) noexcept {
  const auto message = proto::MessageView::parse(frame);
  if (!message) return;  // cannot be: the frame was written by this library
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  proto::Reception reception;
  reception.storage.seconds = static_cast<std::uint32_t>(now.tv_sec);
  reception.storage.microseconds = static_cast<std::int32_t>(now.tv_nsec / 1000);
  tm local{};
  localtime_r(&now.tv_sec, &local);
  reception.utc_offset_s = static_cast<std::int32_t>(local.tm_gmtoff);
  try {
    const std::string line = proto::to_line(*message, reception) + "\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fflush(stdout);
  } catch (const std::exception&) {
    // No memory for the line; the message itself is on its way.
  }
}

}  // namespace dlt::detail
