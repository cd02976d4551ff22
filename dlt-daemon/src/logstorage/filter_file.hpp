// Reads the incumbent's dlt_logstorage.conf.
//
//   [General]                          [FILTER1]
//   MaintainLogstorageLogLevel = ON    LogAppName = NAVI,MAP       File = navigation     SyncBehavior = ON_DEMAND
//                                      ContextName = .*            FileSize = 1000000    ...
//                                      LogLevel = DLT_LOG_INFO     NOFiles = 5
//
// A filter with something wrong in it is left out and named with file, line and section; the others work. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "logstorage/filter.hpp"

namespace dlt::daemon::logstorage {

inline constexpr std::size_t most_filters = 64;  // of one file; the rest is left out and named

struct FilterFile {
  std::vector<Filter> filters;
  bool maintain_level = true;         // a client cannot set a context below its filter's level
  std::vector<std::string> problems;  // "file:line: [FILTER2]: ..."; the first 20 of them
  std::vector<std::string> warnings;  // likewise; of what works all the same
};
[[nodiscard]] FilterFile parse_filters(std::string_view text, const std::string& file);

}  // namespace dlt::daemon::logstorage
