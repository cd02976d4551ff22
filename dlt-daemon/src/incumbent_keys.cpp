#include "incumbent_keys.hpp"

#include <algorithm>
#include <array>

namespace dlt::daemon {

namespace {

struct Answer {
  std::string_view key;
  std::string_view quiet_value;  // asks for what is the case anyhow; empty: none does
  std::string_view words;
};

constexpr std::string_view console = "nothing is printed; `dlt-daemon receive` prints what comes";
constexpr std::string_view serial_line =
    "serial lines are not served; a program such as socat connects one to the port";
constexpr std::string_view multicast = "nothing is sent by UDP; clients connect by TCP";
constexpr std::string_view ring = "memory is taken as it is needed, up to RingbufferMaxSize";

constexpr std::array answers{
    Answer{"Daemonize", "0", "the option -d puts the daemon into the background; as a service it needs no such thing"},
    Answer{"SharedMemorySize", "100000", "applications keep their messages in memory of their own"},
    Answer{"RingbufferMinSize", "500000", ring},
    Answer{"RingbufferStepSize", "500000", ring},
    Answer{"PrintASCII", "0", console},
    Answer{"PrintHex", "0", console},
    Answer{"PrintHeadersOnly", "0", console},
    Answer{"RS232DeviceName", "", serial_line},
    Answer{"RS232Baudrate", "", serial_line},
    Answer{"RS232SyncSerialHeader", "0", serial_line},
    Answer{"TCPSyncSerialHeader", "0", "requests are read with and without serial headers"},
    Answer{"UDPConnectionSetup", "0", multicast},
    Answer{"UDPMulticastIPAddress", "", multicast},
    Answer{"UDPMulticastIPPort", "", multicast},
    Answer{"OfflineTraceFileNameTimestampBased", "1", "the names of files have both, a running number and the time"},
};

}  // namespace

std::optional<std::string> answer_incumbent_key(std::string_view key, std::string_view value) {
  const auto* const a = std::find_if(answers.begin(), answers.end(), [&](const Answer& x) { return x.key == key; });
  if (a == answers.end()) return std::nullopt;
  if (!a->quiet_value.empty() && value == a->quiet_value) return std::string();
  return std::string(key) + " has no effect: " + std::string(a->words);
}

std::vector<std::string_view> incumbent_keys() {
  std::vector<std::string_view> names;
  for (const Answer& a : answers) names.push_back(a.key);
  return names;
}

}  // namespace dlt::daemon
