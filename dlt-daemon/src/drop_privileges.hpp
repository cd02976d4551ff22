// A daemon that root started goes on as another user, for good (--user).
//
//   root: binds its sockets  -->  drop_privileges()  -->  NAME: everything else
//
// Before the io thread runs. glibc changes every thread of the process, so that of storage too.
#pragma once

#include <optional>
#include <string>

#include "config.hpp"

namespace dlt::daemon {

// Gives the sockets and their locks to the user where the folder is his, makes the directories of storage and snapshots
// for him if they are not there, and becomes him with his groups, without a way back. The problem, if there is one;
// then this process must not go on.
[[nodiscard]] std::optional<std::string> drop_privileges(const std::string& user, const Config& config);

}  // namespace dlt::daemon
